import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.js';
import { readSources, ROOMS } from '../support/architecture.js';

/** Every room may import these; the picture leaves them out. */
const GROUND = new Set(['errors', 'time', 'event']);
const MAXIMUM_WORDS = 16;

const page = readFileSync(join(projectRoot, 'ARCHITECTURE.md'), 'utf8');
const sources = readSources(projectRoot, ['lib']);

describe('ARCHITECTURE.md', () => {
  const section = (title: string): string => {
    const text = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
    expect(text, `a section '${title}'`).not.to.equal(undefined);
    return text as string;
  };
  const rows = (title: string): string[][] =>
    section(title)
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2)
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );

  it('draws the arrows of spec/support/architecture.ts, and no other', () => {
    const drawn = Object.fromEntries(
      [...section('Rooms and arrows').matchAll(/^([a-z/]+) → (.+)$/gm)].map(([, from, to]) => [from, to?.split(', ').sort()]),
    );
    const agreed = Object.fromEntries(
      Object.entries(ROOMS)
        .filter(([, { isInner }]) => isInner !== true)
        .map(([from, { rooms, types = [] }]) => [from, [...rooms, ...types].filter((to) => !GROUND.has(to)).sort()] as const)
        .filter(([, to]) => to.length > 0),
    );
    expect(drawn).to.deep.equal(agreed);
  });

  it('names every room', () => {
    const text = section('Rooms and arrows');
    const missing = Object.keys(ROOMS).filter((room) => !new RegExp(`\\b${room.split('/').at(-1)}\\b`).test(text));
    expect(missing).to.deep.equal([]);
  });

  it('names files that are there', () => {
    const named = [...page.matchAll(/`((?:lib|spec|docs|samples|bench)\/[^`]+)`/g)].map(([, path]) => path as string);
    expect(named.length).to.be.greaterThan(40);
    expect(named.filter((path) => !existsSync(join(projectRoot, path)))).to.deep.equal([]);
  });

  it('follows its journeys through functions that are there', () => {
    const steps = [...section('Journeys').matchAll(/`([A-Z]\w+)\.(\w+)`/g)];
    expect(steps.length).to.be.greaterThan(10);
    const missing = steps.filter(([, type, method]) => {
      const text = Object.values(sources).find((source) => new RegExp(`^export (abstract )?class ${type}\\b`, 'm').test(source));
      return text === undefined || !new RegExp(`^ {2}(\\w+ )*${method}(<[^(]*>)?\\(`, 'm').test(text);
    });
    expect(missing.map(([step]) => step)).to.deep.equal([]);
  });

  it(`has at most ${MAXIMUM_WORDS} words, each with its class and file`, () => {
    const words = rows('Words');
    expect(words.length).to.be.within(10, MAXIMUM_WORDS);
    const wrong = words.filter(([, type, file]) => {
      const text = sources[file?.replaceAll('`', '') as string] ?? '';
      return !new RegExp(`^export (abstract )?(class|interface|type) ${type?.replaceAll('`', '')}\\b`, 'm').test(text);
    });
    expect(wrong).to.deep.equal([]);
  });

  it('names every file with state of the process, and no other', () => {
    // A variable of a module that changes: `let`, or a collection that is filled later.
    const state =
      /^(let |(export )?const \w+ = new (Map|Set|WeakMap|WeakSet|AsyncLocalStorage|TransientMap)\b(?!.*\(\[))|^ {2}static readonly #\w+ = new /m;
    const holding = Object.keys(sources).filter((file) => state.test(sources[file] as string));
    const named = rows('State of the process').flatMap(([files]) => [...(files as string).matchAll(/`([^`]+)`/g)].map(([, file]) => file));
    const alsoNamed = named.filter((file) => !holding.includes(file as string));
    expect({ missing: holding.filter((file) => !named.includes(file)), alsoNamed }).to.deep.equal({ missing: [], alsoNamed: [] });
  });
});
