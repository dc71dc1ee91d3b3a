import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projectRoot } from '../support/project.js';

const VERDICTS = ['passes', 'deviates', 'not applicable', 'not yet'];
const STORES = ['embedded', 'local only', 'remote only', 'local and remote'];
const LETTERS = [...'abcdefghijklmnopqrst'];

/** Every behaviour of the list, in its order. */
const NUMBERS: readonly string[] = [
  ...count(129),
  ...LETTERS.map((letter) => `130${letter}`),
  ...count(17).map((number) => `E${number}`),
  ...count(5).map((number) => `J${number}`),
];

/** One row of `docs/conformance.md`. */
interface Row {
  readonly number: string;
  readonly section: number;
  readonly springTests: readonly string[];
  readonly here: string;
  readonly spec: string;
  readonly verdict: string;
  readonly why: string;
}

/** One spec of this folder, as mocha tells it. */
interface Spec {
  readonly number: string;
  readonly springTests: readonly string[];
  readonly file: string;
  readonly section: number;
  /** The store it runs over; `undefined` where none plays a part. */
  readonly store: string | undefined;
  /** Its title with all that stands around it but the store. */
  readonly path: string;
}

describe('docs/conformance.md', () => {
  let rows: readonly Row[];
  let specs: readonly Spec[];

  before(async function () {
    this.timeout(60_000);
    rows = readRows(readFileSync(join(projectRoot, 'docs', 'conformance.md'), 'utf8'));
    specs = await listSpecs();
  });

  const isTested = ({ verdict }: Row): boolean => verdict === 'passes' || verdict === 'deviates';

  it('has one row for each behaviour, in order', () => {
    expect(rows.map(({ number }) => number)).to.deep.equal(NUMBERS);
  });

  it('has a verdict in each row, and a reason for every one but passing', () => {
    expect(rows.filter(({ verdict }) => !VERDICTS.includes(verdict)).map(({ number }) => number)).to.deep.equal([]);
    expect(rows.filter(({ verdict, why }) => verdict !== 'passes' && why === '').map(({ number }) => number)).to.deep.equal([]);
    expect(rows.filter((row) => isTested(row) && row.here === '').map(({ number }) => number)).to.deep.equal([]);
  });

  it('names the Spring tests of each row of the first eleven sections', () => {
    const nameless = rows.filter(({ section, springTests }) => section < 12 && springTests.length === 0).map(({ number }) => number);
    expect(nameless, 'stands for many tests at once').to.deep.equal(['129']);
  });

  it('links the file that holds the specs of the row, and none where there are none', () => {
    const wrong = rows.filter((row) => {
      const files = new Set(specs.filter(({ number }) => number === row.number).map(({ file }) => `../spec/conformance/${file}`));
      return [...files].join() !== (isTested(row) ? row.spec : '');
    });
    expect(wrong.map(({ number, spec }) => `${number}: ${spec}`)).to.deep.equal([]);
  });

  it('knows every spec, under the Spring tests it is named after', () => {
    const strays = specs.filter(({ number, section, springTests }) => {
      const row = rows.find((each) => each.number === number);
      return row?.section !== section || !springTests.every((name) => row.springTests.includes(name));
    });
    expect(strays.map(({ path }) => path)).to.deep.equal([]);
  });

  it('names no Spring test that no spec is named after', () => {
    const unproven = rows.filter(isTested).flatMap(({ number, springTests }) => {
      const named = new Set(specs.filter((spec) => spec.number === number).flatMap((spec) => spec.springTests));
      return springTests.filter((name) => !named.has(name)).map((name) => `${number} ${name}`);
    });
    expect(unproven).to.deep.equal([]);
  });

  it('is proven over all four stores wherever a store plays a part', () => {
    const overs = new Map<string, string[]>();
    for (const { path, store } of specs) if (store !== undefined) overs.set(path, [...(overs.get(path) ?? []), store]);
    expect([...overs].filter(([, stores]) => stores.join() !== STORES.join()).map(([path]) => path)).to.deep.equal([]);
    const sections = new Set(specs.filter(({ store }) => store !== undefined).map(({ section }) => section));
    expect(
      [...sections].sort((a, b) => a - b),
      'messages are carried, not stored',
    ).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12]);
  });
});

function count(to: number): string[] {
  return Array.from({ length: to }, (_none, i) => `${i + 1}`);
}

function readRows(text: string): Row[] {
  let section = 0;
  return text.split('\n').flatMap((line) => {
    section = Number(/^## (\d+)\./.exec(line)?.[1] ?? section);
    if (!/^\| ([EJ]?\d+[a-t]?) \|/.test(line)) return [];
    const [number = '', spring = '', here = '', spec = '', verdict = '', why = '', ...more] = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replace(/^—$/, ''));
    if (!line.endsWith(' |') || more.length > 0) throw new Error(`A row has more or fewer than six columns: ${line}`);
    const springTests = [...spring.matchAll(/`(\w+)`/g)].map((found) => found[1]!);
    return [{ number, section, springTests, here, spec: /\((.+)\)/.exec(spec)?.[1] ?? spec, verdict, why }];
  });
}

/** Has mocha list the specs beside this one without running them: the titles as they are made, loops and all. */
async function listSpecs(): Promise<Spec[]> {
  const folder = dirname(fileURLToPath(import.meta.url));
  const files = readdirSync(folder).filter((file) => file.endsWith('.int.spec.js'));
  const mocha = join(dirname(createRequire(import.meta.url).resolve('mocha/package.json')), 'bin', 'mocha.js');
  const args = [mocha, '--no-config', '--dry-run', '--reporter', 'json', ...files.map((file) => join(folder, file))];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26, cwd: projectRoot });
  const { tests } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { tests: { title: string; fullTitle: string; file: string }[] };
  return tests.map(({ title, fullTitle, file }) => {
    const [, number, rest] = /^([EJ]?\d+[a-t]?) (.+)$/.exec(title) ?? [];
    if (number === undefined || rest === undefined) throw new Error(`'${title}' in ${basename(file)} has no number.`);
    const [names = ''] = rest.split(':');
    // Words of a sentence are no names of tests.
    const springTests = /^\d/.test(number) ? names.split(', ').filter((name) => /^[a-z]\w+$/.test(name)) : [];
    const store = STORES.find((each) => fullTitle.includes(` over ${each} `) && !fullTitle.includes(` over ${each} and `));
    const path = store === undefined ? fullTitle : fullTitle.replace(` over ${store} `, ' ');
    return { number, springTests, file: basename(file).replace(/js$/, 'ts'), section: Number.parseInt(basename(file), 10), store, path };
  });
}
