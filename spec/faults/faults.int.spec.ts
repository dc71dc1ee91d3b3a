/**
 * The short form of `npm run faults`: some kinds of fault for a moment each, and what must hold when there is none.
 * Set FAULT_SEED to repeat a schedule of faults.
 */
import { expect } from 'chai';
import { rejectionOf } from '../contract/rejection.js';
import { RedisServer } from '../support/redis-server.js';
import { ABANDONED_WRITES } from './abandoned-writes.js';
import { Arena } from './arena.js';
import { DATABASE_FAULTS } from './database-faults.js';
import { DEPLOYMENTS } from './deployments.js';
import { Random } from '../support/random.js';
import { waitFor } from '../support/wait.js';
import { type FaultKind, NO_FAULTS } from './fault-kind.js';
import { breaches, type FaultFigures, isInterrupted, runFault } from './run-fault.js';
import { SingleServer } from './single-server.js';
import { WorkerHandle } from './worker-handle.js';
import type { Flaw } from './worker-protocol.js';

const SEED = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000);
const HARM_MS = 1_500;

const SHORT_FORM = [
  {
    where: 'One server',
    boundMs: 1_000,
    kinds: [
      'none',
      'none, all acknowledged',
      'cut subscriber',
      'half-open command link',
      'restart from an old snapshot',
      'worker stopped (SIGSTOP)',
      'forged generation, beyond what a double counts',
      'damaged state',
      'number lost alone',
      'forged number, then a cut',
      'one instance name for all',
      'rolling restart with calls under way',
      ...ABANDONED_WRITES.map(({ name }) => name),
    ],
  },
  {
    where: 'One server',
    boundMs: 250,
    kinds: [
      'half-open both',
      'delay',
      'kill -9, empty restart',
      'server stopped (SIGSTOP)',
      'out of memory',
      'message flood',
      'put burst',
      'update after unbind',
      "writers' clocks an hour off",
      'blocked event loop with evictions under way',
      'reconnect storm',
      ...ABANDONED_WRITES.map(({ name }) => name),
      ...DATABASE_FAULTS.map(({ name }) => name),
    ],
  },
  {
    where: 'Redis Cluster',
    boundMs: 1_000,
    kinds: [
      'primary killed (kill -9)',
      'primary hung (SIGSTOP)',
      'graceful failover (CLUSTER FAILOVER)',
      'replica promoted while the primary hangs (TAKEOVER)',
      'slot migration',
    ],
  },
  { where: 'Sentinel', boundMs: 1_000, kinds: ['replica promoted, clients still reach the old primary'] },
] as const;

describe(`faults, seed ${SEED}`, function () {
  this.timeout(120_000);
  let database: RedisServer;

  before(async () => {
    database = await RedisServer.start();
  });

  after(() => database.stop());

  for (const { where, boundMs, kinds } of SHORT_FORM) {
    describe(`${where}, D = ${boundMs} ms`, () => {
      for (const name of kinds) {
        it(`keep the contract: ${name}`, async () => {
          const deployment = DEPLOYMENTS.find((each) => each.name === where);
          const kind = deployment?.faults.find((each) => each.name === name);
          if (deployment === undefined || kind === undefined) throw new Error(`${where} knows no fault '${name}'.`);
          const run = (): Promise<FaultFigures> => runFault(deployment, kind, { boundMs, seed: SEED, harmMs: HARM_MS, database });
          let figures = await run();
          for (let again = 0; again < 2 && breaches(figures).length > 0 && isInterrupted(figures); again++) figures = await run();
          expect(breaches(figures), JSON.stringify(figures)).to.deep.equal([]);
        });
      }
    });
  }
});

const FLAWED: Readonly<Record<Flaw, string>> = {
  deafToTags: 'evictions by tag do nothing',
  keepsSeveral: 'calls that read several keys return what they have returned before',
};

for (const [flaw, what] of Object.entries(FLAWED) as [Flaw, string][]) {
  describe(`a worker whose ${what}`, function () {
    this.timeout(120_000);

    it('is found stale', async () => {
      const [where] = DEPLOYMENTS;
      const [none] = NO_FAULTS;
      if (where === undefined || none === undefined) throw new Error('Nothing is known.');
      const database = await RedisServer.start();
      try {
        const harm: FaultKind['harm'] = ({ arena }) => {
          const isFound = (): boolean => {
            const { worstStalenessMs, ackedStaleReads } = arena.oracle.verdict();
            return worstStalenessMs > 250 && ackedStaleReads > 0;
          };
          return waitFor(isFound, { what: 'it to be seen', everyMs: 100, timeoutMs: 60_000 });
        };
        const figures = await runFault(where, { ...none, flaw, harm }, { boundMs: 250, seed: SEED, harmMs: HARM_MS, database });
        expect(figures.worstStalenessMs).to.be.above(250);
        expect(figures.ownStaleReads).to.be.above(0);
        expect(figures.ackedStaleReads).to.be.above(0);
        expect(figures.permanentlyStale).to.be.above(0);
        expect(breaches(figures).map((breach) => breach.split(':')[0])).to.include.members([
          'worst staleness in ms',
          'permanently stale keys',
          'reads older than an own eviction',
        ]);
      } finally {
        await database.stop();
      }
    });
  });
}

describe('a crowd', function () {
  this.timeout(60_000);

  it('of 200 callers in each of four processes on two cold keys makes the method load each once in total', async () => {
    const database = await RedisServer.start();
    const deployment = await SingleServer.start(4);
    const random = new Random(SEED);
    const arena = await Arena.open({
      deployment,
      boundMs: 1_000,
      random,
      workers: 4,
      keys: 2,
      hotKeys: 1,
      putKeys: 0,
      writers: 4,
      database,
      failFast: true,
    });
    try {
      await database.cli('SET', 'book:1', '7');
      const seen = await Promise.all(arena.places.map(({ worker }) => worker.ask('crowd', { key: 1, callers: 200 })));
      expect(seen.flat()).to.deep.equal(Array.from({ length: 800 }, () => 7));
      expect(await database.cli('MGET', 'loads:0', 'loads:1')).to.deep.equal(['1', '1']);
      expect(arena.failures).to.deep.equal([]);
    } finally {
      await arena.close();
      await deployment.stop();
      await database.stop();
    }
  });
});

describe('a worker that cannot start', () => {
  it('ends, and says why, to whoever waits for it', async () => {
    const worker = new WorkerHandle(
      {
        instance: 'w1',
        name: 'w1',
        redis: { host: '127.0.0.1', port: -1 },
        databasePort: 1,
        boundMs: 1_000,
        seed: SEED,
        keys: 1,
        hotKeys: 1,
        putKeys: 0,
        ownPutKeys: [],
        lifeMs: 1_000,
        clockOffByMs: 0,
        failFast: true,
      },
      () => undefined,
    );
    expect(String(await rejectionOf(worker.ready()))).to.match(/worker w1 ended \(1\): .*Expected `redis\.port`/s);
  });
});
