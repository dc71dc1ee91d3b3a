import { expect } from 'chai';
import { ENDLESS_MS, TwoTierCache } from '../../../lib/cache/index.js';
import { type FaultyRedis, faultyRedis } from '../../../lib/testing/index.js';
import { Fleet } from '../../contract/fleet.js';
import { ownNamespace, sharedRedis } from '../../support/shared-redis.js';
import { waitFor } from '../../support/wait.js';

describe(`${TwoTierCache.name}.inspect`, () => {
  let fleet: Fleet;
  let proxy: FaultyRedis;

  beforeEach(async () => {
    proxy = await faultyRedis((await sharedRedis()).url);
    fleet = new Fleet({
      redis: proxy.url,
      namespace: ownNamespace('inspect'),
      timeout: '250ms',
      deadline: '500ms',
    });
  });

  afterEach(async () => {
    await fleet.stop();
    await proxy.stop();
  });

  it('tells which tier holds a key, and what is left of its life', async () => {
    const [one, other] = [await fleet.join({ ttl: '60s', localTtl: '10s' }), await fleet.join({ ttl: '60s', localTtl: '10s' })];
    await one.cache.getOrLoad('Dune', () => 1);
    one.clock.advance(4_000);
    const here = await one.cache.inspect('Dune');
    expect(here).to.deep.include({ key: 'Dune', isServing: true, isDoubtful: false, isWithheld: false });
    expect(here.local).to.deep.equal({ state: 'held', leftMs: 6_000 });
    expect(here.remote.state).to.equal('held');
    expect(here.remote.leftMs).to.be.within(1, 60_000);
    expect((await other.cache.inspect('Dune')).local).to.deep.equal({ state: 'absent' });
    expect((await other.cache.inspect('Dune')).remote.state).to.equal('held');
    const missing = await one.cache.inspect(['Dune', 2]);
    expect(missing).to.deep.include({ key: '~["Dune",2]', local: { state: 'absent' }, remote: { state: 'absent' } });
  });

  it('shows the thirty days of a life without end, and a tier that is not used', async () => {
    const { cache } = await fleet.join({ ttl: 0, tiers: 'remote' });
    await cache.put('Dune', 1);
    const { local, remote } = await cache.inspect('Dune');
    expect([local, remote.state]).to.deep.equal([{ state: 'unused' }, 'held']);
    expect(remote.leftMs).to.be.within(ENDLESS_MS - 60_000, ENDLESS_MS);
  });

  it('leaves a life out that does not end, since nothing of it is in Redis', async () => {
    const { cache } = await fleet.join({ ttl: 0, tiers: 'local' });
    await cache.getOrLoad('Dune', () => 1);
    expect(await cache.inspect('Dune')).to.deep.include({ local: { state: 'held' }, remote: { state: 'unused' } });
  });

  it('tells in every instance that a key is being written', async () => {
    const [one, other] = [await fleet.join(), await fleet.join()];
    const told = async (key: string): Promise<boolean> => (await other.cache.inspect(key)).isWithheld;
    const [intent, ofAll] = [await one.cache.intend(['Dune']), await one.cache.intend('all')];
    expect([await told('Dune'), await told('Emma')]).to.deep.equal([true, true]);
    await ofAll.end();
    expect([await told('Dune'), await told('Emma')]).to.deep.equal([true, false]);
    await intent.end();
    expect(await told('Dune')).to.equal(false);
  });

  it('disturbs nothing: no counter, no fill', async () => {
    const { cache } = await fleet.join({});
    await cache.put('left', 0);
    await cache.getOrLoad('old', () => 1);
    const before = cache.statistics();
    for (const key of ['old', 'left']) await cache.inspect(key);
    expect({ ...cache.statistics(), bypassTimeMs: 0 }).to.deep.equal({ ...before, bypassTimeMs: 0 });
    expect((await cache.inspect('left')).local, 'not brought to L1').to.deep.equal({ state: 'absent' });
  });

  it('disturbs no order of removal, as reads do', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    const heldAfter = async (look: (cache: TwoTierCache, key: string) => Promise<unknown>): Promise<readonly string[]> => {
      const { cache } = await fleet.join({ maximumSize: keys.length });
      for (const key of keys) await cache.getOrLoad(key, () => 1);
      for (const key of ['d', 'd', 'c', 'c']) await look(cache, key);
      for (const key of ['e', 'f', 'e', 'f', 'g', 'e']) await cache.getOrLoad(key, () => 1);
      const found = await Promise.all(keys.map(async (key) => ((await cache.inspect(key)).local.state === 'held' ? [key] : [])));
      await cache.clear();
      return found.flat();
    };
    const untouched = await heldAfter(() => Promise.resolve());
    expect(await heldAfter((cache, key) => cache.inspect(key))).to.deep.equal(untouched);
    expect(await heldAfter((cache, key) => cache.get(key))).to.not.deep.equal(untouched);
  });

  it('sees the dead as absent, and does not bury them', async () => {
    const { cache, clock } = await fleet.join({ localTtl: '10s' });
    await cache.getOrLoad('Dune', () => 1);
    clock.advance(10_000);
    expect((await cache.inspect('Dune')).local).to.deep.equal({ state: 'absent' });
    expect(cache.statistics()).to.include({ localSize: 1, expirations: 0 });
  });

  it('tells of L1 alone, and that it is not served, while Redis is away', async () => {
    const { cache } = await fleet.join({});
    await cache.getOrLoad('Dune', () => 1);
    proxy.away();
    await waitFor(() => !cache.isServing(1_000), { what: 'the bypass' });
    const found = await cache.inspect('Dune');
    expect(found).to.deep.include({ remote: { state: 'unknown' }, isServing: false });
  });
});
