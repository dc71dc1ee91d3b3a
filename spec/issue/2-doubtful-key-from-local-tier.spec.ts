/**
 * Found by the interleavings: a key in doubt was served from the local tier.
 *
 * An eviction fences the local tier, then is tried until its deadline. A read that began in between found the old value in Redis, which
 * answered the GET but not the script, and put it back into the local tier. When the eviction came into doubt the remote tier was left
 * alone from then on, but local hits went on: the evicting instance served what it had promised to serve from neither tier.
 *
 * Decided: coming into doubt sets the fences once more. From then on nothing but an acknowledgement lets a value in.
 */
import { expect } from 'chai';
import { Keyv } from 'keyv';
import sinon from 'sinon';
import {
  Generation,
  ended,
  EntryCodec,
  type EvictionLog,
  RemoteCache,
  type RemoteGuard,
  type TwoTierCache,
  ValueCodec,
} from '../../lib/cache/index.js';
import { RemoteCacheError } from '../../lib/errors/index.js';
import { systemClock } from '../../lib/time/index.js';
import { makeTwoTierCache } from '../support/two-tier-cache.js';

/** Redis answers reads, and no eviction. */
function cacheWithoutEvictions(): TwoTierCache {
  const unanswered = (): Promise<never> => Promise.reject(new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'No answer.'));
  const log = { evict: unanswered, clear: unanswered, readCurrent: () => Promise.resolve([]) } as unknown as EvictionLog;
  const codec = new EntryCodec({ codec: new ValueCodec(), clock: systemClock, time: { earliest: () => Infinity } });
  const keyv = new Keyv({
    store: new Map([['Dune', ended(codec.encode('old', { ttlMs: 60_000, staleMs: 0 }), 1)]]),
    useKeyPrefix: false,
    deserialize: (raw) => codec.read(raw) as never,
  });
  const guard: RemoteGuard = { acceptsSteps: true, run: (_step, action) => action() };
  const cache = makeTwoTierCache({
    settings: { ttlMs: 60_000, nullTtlMs: 60_000, timeoutMs: 250, deadlineMs: 1_000 },
    remote: new RemoteCache({ keyv, log, codec, guard, generation: new Generation('1') }),
  });
  cache.holdLeaseUntil(Number.POSITIVE_INFINITY);
  return cache;
}

describe('Issue 2: a key in doubt', () => {
  let time: sinon.SinonFakeTimers;
  beforeEach(() => void (time = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })));
  afterEach(() => time.restore());

  for (const [what, write] of [
    ['evict', (cache: TwoTierCache): Promise<void> => cache.evict('Dune')],
    ['clear', (cache: TwoTierCache): Promise<void> => cache.clear()],
  ] as const) {
    it(`is not served from the local tier, though a read brought it back while ${what} was tried`, async () => {
      const cache = cacheWithoutEvictions();
      const evicted = write(cache).then(
        () => 'resolved',
        (error: { code: string }) => error.code,
      );
      expect(await cache.getOrLoad('Dune', () => 'new'), 'while it is tried Redis is still read').to.equal('old');
      await time.tickAsync(1_000);
      expect(await evicted).to.equal('CACHE_EVICT_UNACKNOWLEDGED');
      expect(cache.hitNow('Dune')).to.equal(undefined);
      expect(await cache.getOrLoad('Dune', () => 'new')).to.equal('new');
      await cache.stop();
    });
  }
});
