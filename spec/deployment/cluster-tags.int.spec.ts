/** Tags on a Redis Cluster: each bucket has a record of its own, and one eviction goes to all of them. */
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { bucketTags, slotOf } from '../../lib/eviction/cluster-slots.js';
import { bucketOf } from '../../lib/eviction/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { PATIENT } from '../support/patient.js';
import { waitFor } from '../support/wait.js';
import { ClusterDeployment } from './cluster-deployment.js';

const BUCKETS = 8;

/** Two keys for each bucket. */
const KEYS = Array.from({ length: 2 * BUCKETS }, (_, n) => {
  for (let i = 1_000 * n; ; i += 1) if (bucketOf(`book-${i}`, BUCKETS) === n % BUCKETS) return `book-${i}`;
});
/** The tag of each: one of two in every bucket. */
const tagOf = (key: string): string => (KEYS.indexOf(key) < BUCKETS ? 'herbert' : 'austen');

describe('Tags on a Redis Cluster', function () {
  this.timeout(180_000);
  let deployment: ClusterDeployment;
  let namespace: string;
  let runs = 0;
  let instances: CacheInstance[];
  let here: TwoTierCache;
  let there: TwoTierCache;
  let version: number;

  before(async () => {
    deployment = await ClusterDeployment.start();
  });

  after(() => deployment.stop());

  beforeEach(async () => {
    namespace = `tagged${(runs += 1)}`;
    [instances, version] = [[], 1];
    [here, there] = [await join(), await join()];
  });

  afterEach(() => Promise.all(instances.map((instance) => instance.stop())));

  const join = async (): Promise<TwoTierCache> => {
    const instance = createInstance({ ...PATIENT, redis: deployment.client(), namespace, bound: '1s', caches: { book: { tags: true } } });
    instances.push(instance);
    await instance.start();
    await waitFor(() => instance.manager.health().status === 'up', { what: 'the instance to be up' });
    return instance.manager.getCache('book') as TwoTierCache;
  };
  const read = (by: TwoTierCache): Promise<number[]> =>
    Promise.all(KEYS.map((key) => by.getOrLoad(key, () => version, { tags: [tagOf(key), 'books'] })));
  /** What is known of the cache in each bucket. */
  const books = (): Promise<Bookkeeping[]> =>
    Promise.all(bucketTags(namespace, BUCKETS).map(async (tag) => new Bookkeeping(await deployment.owner(slotOf(tag)), `{${tag}}`)));
  const numbers = async (): Promise<number[]> => Promise.all((await books()).map((book) => book.seq()));
  const versions = (herbert: number, austen: number): number[] => KEYS.map((key) => (tagOf(key) === 'herbert' ? herbert : austen));

  it('are evicted in every bucket, in one step each, which is told and counted once', async () => {
    for (const by of [here, there, here]) await read(by);
    const told: string[] = [];
    instances[1]!.events.on('tagsEvicted', ({ tags }) => void told.push(...tags));
    const before = await numbers();
    version = 2;
    await here.evictTagged(['herbert', 'nobody'], { acks: 'all' });
    expect(await numbers()).to.deep.equal(before.map((number) => number + 1));
    for (const by of [there, here, await join()]) expect(await read(by)).to.deep.equal(versions(2, 1));
    await waitFor(() => told.length > 0, { what: 'the event' });
    expect(told).to.deep.equal(['herbert', 'nobody']);
    expect([here.statistics().tagEvictions, here.statistics().messagesApplied, there.statistics().messagesApplied]).to.deep.equal([
      2, 1, 1,
    ]);
    expect(there.statistics()).to.include({ remoteRemovals: BUCKETS, coherenceRemovals: 0, gaps: 0 });
  });

  it('are asked of each bucket once, by an instance that joins later', async () => {
    await read(here);
    await here.evictTagged(['herbert'], { acks: 'all' });
    const late = await join();
    expect((await late.getAll(KEYS)).map((found) => found?.value)).to.deep.equal(versions(undefined as never, 1));
    expect(late.statistics()).to.include({ tagReads: BUCKETS, overtaken: BUCKETS });
    version = 2;
    expect(await read(late)).to.deep.equal(versions(2, 1));
    expect(late.statistics().tagReads).to.equal(BUCKETS);
  });

  it('are evicted in a new generation of a bucket whose record was lost', async () => {
    for (const by of [here, there]) await read(by);
    const all = await books();
    const before = await Promise.all(all.map((book) => book.gen()));
    await (await deployment.owner(slotOf(bucketTags(namespace, BUCKETS)[3]!))).cli('DEL', all[3]!.keys.tags);
    version = 2;
    await there.evictTagged(['austen'], { acks: 'all' });
    const now = await Promise.all(all.map((book) => book.gen()));
    expect(now.map((gen, i) => gen !== before[i])).to.deep.equal(all.map((_, i) => i === 3));
    for (const by of [here, there]) {
      const found = await read(by);
      expect(found.every((each, i) => each === 2 || (each === 1 && tagOf(KEYS[i]!) === 'herbert'))).to.equal(true);
      expect(found.filter((each) => each === 1).length, 'the others are left alone').to.equal(BUCKETS - 1);
    }
  });
});
