/**
 * After a commit the operations on caches were done one after the other, each with a `deadline` of its own: three caches kept their caller for
 * 1.9 s while Redis was away, and so did three operations on one. The errors named the whole deadline, whatever had been waited.
 *
 * Caches are done side by side now, each in its order, and what is not acknowledged takes one `deadline` in all. What is acknowledged takes
 * the time it needs. Errors name the time that the caller has waited.
 */
import { expect } from 'chai';
import sinon from 'sinon';
import type { Eviction, RemoteTier, TwoTierCache } from '../../lib/cache/index.js';
import { CacheEvictError, RemoteCacheError } from '../../lib/errors/index.js';
import { type AfterCommit, runInTransaction, TransactionAwareCache, TransactionSynchronization } from '../../lib/index.js';
import { AsyncLocalTransactionSynchronization } from '../../lib/transaction/index.js';
import { MapCache } from '../support/map-cache.js';
import { makeTwoTierCache } from '../support/two-tier-cache.js';

const DEADLINE_MS = 1_000;
const STEP_MS = 250;
const NAMES = ['book', 'title', 'list'] as const;

/** How Redis answers each step. */
type Answer = () => Promise<unknown>;

const away: Answer = () => Promise.reject(new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', 'Redis is away.'));
/** Nothing is heard, and the step is given up. */
const silent: Answer = async () => {
  await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  throw new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.');
};
const slow =
  (ms: number): Answer =>
  () =>
    new Promise((resolve) => setTimeout(() => resolve(undefined), ms));

/** A transaction manager of somebody else's, which has never heard of lanes. */
class PlainTransactions extends TransactionSynchronization {
  override readonly current = {};
  readonly #actions: AfterCommit[] = [];

  override afterCommit(action: AfterCommit): void {
    this.#actions.push(action);
  }

  override afterCompletion(): void {}

  async commit(): Promise<void> {
    for (const action of this.#actions) await Promise.resolve(action()).catch(() => undefined);
  }
}

describe('Issue 3: the deadline of what follows a commit', () => {
  let timers: sinon.SinonFakeTimers;
  let answer: Answer;
  let caches: TwoTierCache[];
  let failed: string[];
  let steps: string[];

  const step = (cache: string, verb: string): Promise<unknown> => {
    steps.push(`${verb} ${cache}`);
    return answer();
  };

  const create = (name: string): TwoTierCache => {
    const receipt = { removed: 0, acknowledged: undefined };
    const remote = {
      acceptsSteps: true,
      encode: JSON.stringify,
      put: () => step(name, 'put').then(() => ({ refusal: undefined, withheld: 0 })),
      evict: (eviction: Eviction) => step(name, eviction === 'all' ? 'clear' : 'evict').then(() => receipt),
    } as unknown as RemoteTier;
    return makeTwoTierCache({ name, remote, settings: { timeoutMs: STEP_MS, deadlineMs: DEADLINE_MS } });
  };

  const told = (error: unknown): void => {
    failed.push((error as Error).message.replace(/ What the method .*/, ''));
    throw error;
  };
  const handler = { handleCachePutError: told, handleCacheEvictError: told, handleCacheClearError: told };
  const aware = (transactions: TransactionSynchronization = new AsyncLocalTransactionSynchronization()): TransactionAwareCache[] =>
    caches.map((cache) => new TransactionAwareCache(cache, transactions, () => handler));

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    caches = NAMES.map(create);
    [failed, steps] = [[], []];
  });

  afterEach(async () => {
    answer = () => Promise.resolve();
    await Promise.all(caches.map((cache) => cache.stop()));
    timers.restore();
  });

  /** How long a commit takes, with what it fails. */
  const flush = async (commit: () => Promise<unknown>): Promise<{ tookMs: number; error: unknown }> => {
    const begun = performance.now();
    let end: { tookMs: number; error: unknown } | undefined;
    commit().then(
      () => (end = { tookMs: performance.now() - begun, error: undefined }),
      (error: unknown) => (end = { tookMs: performance.now() - begun, error }),
    );
    for (let i = 0; end === undefined && i < 1_000; i += 1) await timers.tickAsync(10);
    return end!;
  };

  for (const [title, how] of [
    ['away', away],
    ['silent', silent],
  ] as const) {
    describe(`while Redis is ${title}`, () => {
      beforeEach(() => (answer = how));

      it('is one for three caches, each of which is tried and told', async () => {
        const [book, list, other] = aware();
        const { tookMs, error } = await flush(() =>
          runInTransaction(async () => {
            await book!.evict('Dune');
            await list!.clear();
            await other!.put('Dune', 'new');
            return 'the result';
          }),
        );
        expect(tookMs).to.be.at.most(DEADLINE_MS);
        expect(error).to.be.instanceOf(CacheEvictError);
        expect([(error as CacheEvictError).cacheName, (error as CacheEvictError).result]).to.deep.equal(['book', 'the result']);
        expect(failed.map((message) => /cache '(\w+)'/.exec(message)?.[1])).to.have.members(NAMES);
        expect(caches.map(({ pendingEvictions }) => pendingEvictions)).to.deep.equal([1, Infinity, 1]);
      });

      it('is one for several operations on one cache, which keep their order', async () => {
        const [book] = aware();
        const { tookMs } = await flush(() =>
          runInTransaction(async () => {
            await book!.put('Dune', 'new');
            await book!.evict('Emma');
            await book!.put('Ulysses', 'new');
            await book!.clear();
            await book!.evict('Dune');
          }),
        );
        expect(tookMs).to.be.at.most(DEADLINE_MS + 10);
        expect([failed.length, caches[0]!.pendingEvictions]).to.deep.equal([5, Infinity]);
        const begun = steps.filter((one, i) => one !== steps[i - 1]);
        expect(begun.join(', ')).to.match(/^put book, evict book, put book, evict book, clear book, evict book/);
      });

      it('is one with a manager that does everything one after the other', async () => {
        const transactions = new PlainTransactions();
        for (const cache of aware(transactions)) await cache.evict('Dune');
        const { tookMs } = await flush(() => transactions.commit());
        expect(tookMs).to.be.at.most(DEADLINE_MS + 20);
        expect(failed).to.have.length(3);
      });
    });
  }

  it('names the time that was waited', async () => {
    answer = away;
    const [book] = aware();
    await flush(() =>
      runInTransaction(async () => {
        await book!.evict('Dune');
        await book!.put('Dune', 'new');
      }),
    );
    expect(failed).to.deep.equal([
      "Redis did not acknowledge evicting key 'Dune' in cache 'book' within 630 ms.",
      "Redis did not acknowledge evicting key 'Dune' in cache 'book' within 940 ms.",
    ]);
  });

  it('does not cut a long flush short, of which everything is acknowledged', async () => {
    answer = slow(200);
    const [book] = aware();
    const { tookMs, error } = await flush(() =>
      runInTransaction(async () => {
        for (let i = 0; i < 10; i += 1) {
          await book!.put('Dune', i);
          await book!.evict('Emma');
        }
      }),
    );
    expect(tookMs).to.be.at.least(4 * DEADLINE_MS);
    expect([error, failed]).to.deep.equal([undefined, []]);
  });

  it('leaves hooks their place: they wait for what is before them, and what is after waits for them', async () => {
    const transactions = new AsyncLocalTransactionSynchronization();
    const log: string[] = [];
    const cacheOf = (name: string): TransactionAwareCache => {
      const target = new MapCache(name);
      target.evict = async () => {
        log.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 100));
        log.push(`${name} ends`);
      };
      return new TransactionAwareCache(target, transactions, () => handler);
    };
    const [one, other] = [cacheOf('one'), cacheOf('other')];
    await flush(() =>
      runInTransaction(async () => {
        await one.evict('Dune');
        await other.evict('Dune');
        transactions.afterCommit(() => void log.push('hook'));
        await one.evict('Dune', { acks: 'all' });
        await one.evict('Dune');
      }),
    );
    const parallel = ['one begins', 'other begins', 'one ends', 'other ends'];
    expect(log).to.deep.equal([...parallel, 'hook', 'one begins', 'one ends', 'one begins', 'one ends']);
  });
});
