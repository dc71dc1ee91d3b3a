import { createHook } from 'node:async_hooks';
import { expect } from 'chai';
import { Keyv } from 'keyv';
import { alwaysOpen, EntryCodec, Generation, RemoteCache, type TwoTierCache, ValueCodec } from '../../../lib/cache/index.js';
import type { LoadRequest } from '../../../lib/cache/two-tier/load-call.js';
import { Loads } from '../../../lib/cache/two-tier/loads.js';
import { MissedReads } from '../../../lib/cache/two-tier/missed-reads.js';
import { EmbeddedEvictionLog } from '../../../lib/eviction/embedded-eviction-log.js';
import { EmbeddedStore, embeddedTime } from '../../../lib/eviction/embedded-store.js';
import { FakeClock } from '../../support/fake-clock.js';
import { haveOneHiddenClass } from '../../support/hidden-class.js';
import { makeTwoTierCache } from '../../support/two-tier-cache.js';

/** More reads than V8 watches before it settles how it treats them. */
const MANY = 100;

/** What a read that goes to the remote tier is made of; how long it takes, `bench/` measures. */
describe(MissedReads.name, () => {
  let keyv: Keyv;
  let cache: TwoTierCache;
  let requests: LoadRequest<unknown>[];

  beforeEach(async () => {
    const clock = new FakeClock();
    const codec = new EntryCodec({ codec: new ValueCodec(), clock, time: embeddedTime(clock) });
    const store = new EmbeddedStore();
    const log = new EmbeddedEvictionLog({
      store,
      namespace: 'cache',
      cache: 'book',
      channel: 'c',
      origin: 'one~0123456789ab',
      fillLeaseMs: 1_000,
      publish: () => 0,
    });
    const deserialize = (raw: string): never => codec.read(raw) as never;
    keyv = new Keyv({ store: store.entries, namespace: 'book', useKeyPrefix: false, deserialize });
    requests = [];
    const seen = requests;
    class SeenLoads extends Loads {
      override load<V>(request: LoadRequest<V>, now: number): Promise<V> {
        seen.push(request as LoadRequest<unknown>);
        return super.load(request, now);
      }
    }
    cache = makeTwoTierCache({
      settings: { tiers: 'remote', ttlMs: 60_000 },
      remote: new RemoteCache({ keyv, log, codec, guard: alwaysOpen, generation: new Generation('1') }),
      clock,
      collaborators: { Loads: SeenLoads },
    });
    cache.holdLeaseUntil(Infinity);
    await cache.put('Dune', 1);
  });

  afterEach(() => cache.stop());

  const never = (): never => {
    throw new Error('It was to be a hit.');
  };

  const promisesOf = async (read: () => Promise<unknown>): Promise<number> => {
    let made = 0;
    const hook = createHook({ init: (_id, type) => void (type === 'PROMISE' && (made += 1)) });
    await read();
    hook.enable();
    await read();
    hook.disable();
    return made;
  };

  const reads: readonly (readonly [title: string, read: () => Promise<unknown>])[] = [
    ['one key', () => cache.getOrLoad('Dune', never)],
    ['one key that may be served stale', () => cache.getOrLoad('Dune', never, { staleIfError: '1m' })],
    ['one key that is loaded ahead', () => cache.getOrLoad('Dune', never, { refreshAfter: '30s' })],
    ['several keys', () => cache.getAllOrLoad(['Dune'], never)],
  ];

  it('describes all reads by requests of one hidden class', async () => {
    for (let i = 0; i < MANY; i += 1) for (const [, read] of reads) await read();
    const [first, ...others] = requests.slice(-2 * reads.length) as [object, ...object[]];
    expect(others.map((request) => haveOneHiddenClass(first, request))).to.deep.equal(others.map(() => true));
  });

  it('makes one promise beside those of Keyv for a hit of one key', async () => {
    const alone = await promisesOf(() => keyv.get('Dune', { raw: true }));
    const made = await promisesOf(() => cache.getOrLoad('Dune', never));
    expect([cache.statistics().remoteHits, made - alone]).to.deep.equal([2, 1]);
  });
});
