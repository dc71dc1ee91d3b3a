import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { projectRoot } from './support/project.js';
import { turn } from './support/promises.js';

/** What this spec knows of `scripts/suites.mjs` and `scripts/lanes.mjs`. */
interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly needs?: string;
}
interface Job {
  readonly isBusy?: boolean;
  readonly run: () => Promise<void>;
}

const script = (name: string): Promise<any> => import(pathToFileURL(join(projectRoot, 'scripts', name)).href);

/** Starts programs that are no Redis servers. */
const PROGRAMS = /from '(node:child_process|esbuild)'|\('playwright-core'\)/g;
const SERVERS = /RedisServer\.start\(/g;

/** Every file of spec/, by its path under it. */
const texts = new Map(
  readdirSync(join(projectRoot, 'spec'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file.replaceAll(sep, '/'), readFileSync(join(projectRoot, 'spec', file), 'utf8')] as const),
);

const specFiles = [...texts.keys()].filter((file) => file.endsWith('.spec.ts')).map((file) => file.replace(/\.spec\.ts$/, ''));

/** The helpers that a spec file imports, not for their types alone. */
function helpersOf(file: string): readonly string[] {
  const imported = [...texts.get(file)!.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'(\.[^']+)\.js';$/gm)];
  return imported.map(([, path]) => posix.join(dirname(file), `${path}.ts`)).filter((path) => texts.has(path));
}

/** What a spec file or its helpers start beyond one Redis server. A helper that starts a server starts several. */
function excessOf(spec: string): readonly string[] {
  const file = `${spec}.spec.ts`;
  const helpers = helpersOf(file).filter((helper) => helper !== 'support/redis-server.ts');
  const starts = (where: string, what: RegExp): number =>
    where === 'support/shared-redis.ts' ? 0 : (texts.get(where)!.match(what)?.length ?? 0);
  const programs = [file, ...helpers].filter((where) => starts(where, PROGRAMS) > 0).map((where) => `programs, in ${where}`);
  const fleets = helpers.filter((where) => starts(where, SERVERS) > 0).map((where) => `Redis servers, in ${where}`);
  const servers = starts(file, SERVERS) + (helpers.includes('support/shared-redis.ts') ? 1 : 0);
  return [...programs, ...fleets, ...(servers > 1 ? [`${servers} Redis servers, in ${file}`] : [])];
}

describe('scripts/suites.mjs', () => {
  let suites: readonly Suite[];

  before(async () => {
    const { suitesOf } = await script('suites.mjs');
    suites = suitesOf(specFiles);
  });

  it('puts every spec file into one suite', () => {
    expect(suites.flatMap(({ files }) => files).sort()).to.deep.equal([...specFiles].sort());
  });

  it('lets `test:quick` run what one Redis server is enough for, and nothing else', () => {
    const quick = suites.filter(({ needs }) => needs === undefined).flatMap(({ files }) => files);
    const tooMuch = quick.filter((file) => excessOf(file).length > 0);
    expect(
      tooMuch.map((file) => `spec/${file}.spec.ts starts ${excessOf(file).join(' and ')}`),
      'Name in scripts/suites.mjs, under a suite that says what it needs',
    ).to.deep.equal([]);
  });

  it('sees what is started', () => {
    expect(excessOf('deployment/cluster.int')).to.deep.equal(['Redis servers, in deployment/cluster-deployment.ts']);
    expect(excessOf('cli/main.int')).to.deep.equal(['programs, in cli/main.int.spec.ts', '2 Redis servers, in cli/main.int.spec.ts']);
    expect(excessOf('management/console.int')).to.deep.equal(['programs, in support/browser.ts']);
    expect(excessOf('deployment/acl.int')).to.deep.equal([]);
  });

  it('refuses a suite that names what is not there', async () => {
    const { suitesOf } = await script('suites.mjs');
    expect(() => suitesOf(specFiles.filter((file) => file !== 'faults/faults.int'))).to.throw(
      "scripts/suites.mjs: the suite 'faults' names 'faults/faults.int', which is not there.",
    );
  });
});

describe('scripts/lanes.mjs', () => {
  let runInLanes: (jobs: readonly Job[], processors: number, isOver?: () => boolean) => Promise<void>;

  before(async () => {
    ({ runInLanes } = await script('lanes.mjs'));
  });

  /** Jobs that note which of them ran beside which; each ends when all that can have begun. */
  function jobs(kinds: string): { readonly jobs: readonly Job[]; readonly log: string[]; readonly most: Record<string, number> } {
    const log: string[] = [];
    const most: Record<string, number> = { w: 0, b: 0 };
    const now: Record<string, number> = { w: 0, b: 0 };
    const made = [...kinds].map((kind, i) => ({
      isBusy: kind === 'b',
      run: async () => {
        log.push(`${kind}${i}`);
        most[kind] = Math.max(most[kind]!, (now[kind]! += 1));
        await turn();
        now[kind]! -= 1;
      },
    }));
    return { jobs: made, log, most };
  }

  it('runs each once, in order, as many of each kind side by side as the machine is made for', async () => {
    const { jobs: some, log, most } = jobs('bbwwwwwwww');
    await runInLanes(some, 2);
    expect([...log].sort()).to.deep.equal(['b0', 'b1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8', 'w9']);
    expect(log.slice(0, 4)).to.deep.equal(['b0', 'w2', 'w3', 'w4']);
    expect(most['b']).to.equal(1);
  });

  it('has lanes take over what is left of the other kind', async () => {
    const { jobs: some, most } = jobs('bbbbbbbb');
    await runInLanes(some, 2);
    expect(most['b']).to.equal(4);
  });

  it('begins nothing once it is over', async () => {
    const { jobs: some, log } = jobs('bwwwwww');
    await runInLanes(some, 2, () => log.length >= 2);
    expect(log).to.deep.equal(['b0', 'w1']);
  });
});
