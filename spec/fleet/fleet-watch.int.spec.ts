import { expect } from 'chai';
import { type FeedEntry, FleetWatch } from '../../lib/fleet/index.js';
import { FleetLink } from '../../lib/cli/fleet-link.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { Fleet } from '../contract/fleet.js';
import { freePort } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

const real = { now: () => performance.now() };

for (const where of ['embedded', 'over Redis'] as const) {
  describe(`${FleetWatch.name}, ${where}`, () => {
    let fleet: Fleet;
    let namespace: string;

    beforeEach(async () => {
      namespace = ownNamespace('fleet');
      fleet = new Fleet({ namespace, clock: real, ...(where === 'embedded' ? {} : { redis: (await sharedRedis()).url }) });
    });

    afterEach(() => fleet.stop());

    const join = (instanceId: string) => fleet.join({}, { clock: real, instanceId });

    it('is told by every instance how it stands', async () => {
      const one = await join('one');
      const two = await join('two');
      await one.cache.getOrLoad('Dune', () => 1);
      await one.cache.get('Dune');
      await two.cache.get('Dune');
      const instances = await two.runtime.fleet.ask(5_000);
      expect(instances.map(({ status, isSelf, isSilent }) => [status.id, isSelf, isSilent])).to.deep.equal([
        ['one', false, false],
        ['two', true, false],
      ]);
      expect(instances[0]?.status.caches['book']?.statistics).to.include({ localHits: 1, misses: 1, loads: 1, remoteHits: 0 });
      expect(instances[1]?.status.caches['book']?.statistics).to.include({ localHits: 0, remoteHits: 1, misses: 0 });
    });

    it('hears of an eviction from each instance that applied it, with its lag', async () => {
      const instances = [await join('one'), await join('two'), await join('three')];
      const heard = new Map<string, FeedEntry>();
      const stop = instances[0]!.runtime.fleet.watch({ onFeed: (id, entries) => entries.forEach((entry) => heard.set(id, entry)) });
      await instances[0]!.runtime.fleet.ask(5_000);
      await instances[1]!.cache.evictAll(['Dune', 7]);
      await waitFor(() => heard.size === 3, { what: 'three instances to tell' });
      stop();
      for (const [id, entry] of heard) {
        expect(entry, id).to.deep.include({ kind: 'evicted', cache: 'book', keys: ['Dune', '~7'], count: 2, origin: 'two' });
        expect((entry as { lagMs?: number }).lagMs, id).to.be.at.least(0);
      }
    });

    it('forgets an instance that says goodbye', async () => {
      const one = await join('one');
      const two = await join('two');
      const gone: string[] = [];
      const stop = one.runtime.fleet.watch({ onGone: (id) => gone.push(id) });
      expect((await one.runtime.fleet.ask(5_000)).length).to.equal(2);
      await two.runtime.stop();
      await waitFor(() => gone.length === 1, { what: 'the goodbye' });
      expect(one.runtime.fleet.instances().map(({ status }) => status.id)).to.deep.equal(['one']);
      stop();
    });

    it('tells those who watch when the instance they watch from is stopped, and watches no more', async () => {
      const one = await join('one');
      let ended = 0;
      one.runtime.fleet.watch({ onEnd: () => (ended += 1) });
      await one.runtime.stop();
      expect(ended).to.equal(1);
      one.runtime.fleet.watch({ onEnd: () => (ended += 1) });
      expect(ended).to.equal(2);
    });

    it('keeps namespaces apart', async () => {
      const one = await join('one');
      await fleet.join({}, { clock: real, instanceId: 'stranger', namespace: ownNamespace('fleet') });
      expect((await one.runtime.fleet.ask(5_000)).map(({ status }) => status.id)).to.deep.equal(['one']);
    });
  });
}

describe(`${FleetWatch.name}, over Redis`, () => {
  let namespace: string;
  let proxy: FaultyRedis;
  let fleet: Fleet;

  beforeEach(async () => {
    const { url } = await sharedRedis();
    namespace = ownNamespace('fleet');
    proxy = await faultyRedis(url);
    fleet = new Fleet({ namespace, redis: url, bound: '1s', timeout: '1s', deadline: '2s' });
  });

  afterEach(async () => {
    await fleet.stop();
    await proxy.stop();
  });

  it('sends nothing, and has one subscription more, while nobody watches', async () => {
    const server = await sharedRedis();
    await fleet.join({}, { clock: real, instanceId: 'one' });
    const answers = async (): Promise<unknown> => server.cli('PUBSUB', 'NUMSUB', `${namespace}:fleet:ask`, `${namespace}:fleet:answer`);
    expect(await answers()).to.deep.equal([`${namespace}:fleet:ask`, 1, `${namespace}:fleet:answer`, 0]);
    const link = new FleetLink({ redis: server.url, namespace, timeoutMs: 2_000 });
    await link.start();
    const stop = link.watch.watch({});
    await link.watch.ask(5_000);
    expect(await answers()).to.deep.equal([`${namespace}:fleet:ask`, 1, `${namespace}:fleet:answer`, 1]);
    stop();
    await waitFor(async () => JSON.stringify(await answers()).endsWith(',0]'), { what: 'the end of the subscription' });
    await link.stop();
  });

  it('sees an instance fall silent when its link is cut, and hears afterwards what happened meanwhile', async () => {
    const one = await fleet.join({}, { clock: real, instanceId: 'one' });
    const two = await fleet.join({}, { clock: real, instanceId: 'two', redis: proxy.url });
    const heard: string[] = [];
    const stop = one.runtime.fleet.watch({
      onFeed: (id, entries) =>
        entries.forEach((entry) => heard.push(`${id} ${entry.kind}${entry.kind === 'bypass' ? ` ${entry.active}` : ''}`)),
    });
    await one.runtime.fleet.ask(5_000);
    proxy.away();
    const view = () => one.runtime.fleet.instances().find(({ status }) => status.id === 'two');
    await waitFor(() => view()?.isSilent === true, { what: 'the silence' });
    expect(two.cache.isServing(performance.now())).to.equal(false);
    proxy.heal();
    await waitFor(() => view()?.isSilent === false && heard.includes('two bypass false'), { what: 'the return' });
    expect(heard.indexOf('two bypass true')).to.be.within(0, heard.indexOf('two bypass false') - 1);
    expect(view()?.status.caches['book']?.statistics['bypassTimeMs']).to.be.greaterThan(1_000);
    stop();
  });

  it('counts what is no answer as an error, and goes on', async () => {
    const one = await fleet.join({}, { clock: real, instanceId: 'one' });
    const errors: string[] = [];
    one.runtime.events.on('error', ({ where, error }) => errors.push(`${where}: ${(error as Error).message}`));
    const stop = one.runtime.fleet.watch({});
    await one.runtime.fleet.ask(5_000);
    for (const text of ['x', 'y', 'z']) await (await sharedRedis()).cli('PUBLISH', `${namespace}:fleet:answer`, text);
    await waitFor(() => errors.length > 0, { what: 'the error' });
    expect(errors).to.deep.equal(['a message of the fleet: unknown head']);
    expect((await one.runtime.fleet.ask(5_000)).length).to.equal(1);
    expect(errors.length).to.equal(1);
    stop();
  });

  it('rejects a question that cannot be sent', async () => {
    const port = await freePort();
    const link = new FleetLink({ redis: `redis://user:secret@127.0.0.1:${port}`, namespace, timeoutMs: 500 });
    await link.start();
    const error = await cacheErrorOf(link.watch.ask(500));
    expect(error.code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
    expect(error.message).to.include(`127.0.0.1:${port}`).and.not.include('secret');
    await link.stop();
  });
});
