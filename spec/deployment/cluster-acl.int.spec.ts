/**
 * What a Redis user needs on a Cluster, as `docs/deployment.md` lists it: with these rights everything works and no node refuses anything;
 * each of those that are needed there only is needed.
 */
import { expect } from 'chai';
import type { Cache } from '../../lib/cache/index.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import type { Duration } from '../../lib/time/index.js';
import { waitFor } from '../support/wait.js';
import { ClusterDeployment } from './cluster-deployment.js';
import { documentedClusterRights, documentedRights } from './documented-rights.js';
import { type Outcome, PASSWORD, refusalFor, tryRights, USER } from './rights-trial.js';

describe('The rights of a Redis user on a Cluster', function () {
  this.timeout(180_000);

  const rights = [...documentedRights().filter((right) => right !== '~app:*'), ...documentedClusterRights()];
  let deployment: ClusterDeployment;
  const runtimes: CacheInstance[] = [];

  before(async () => {
    deployment = await ClusterDeployment.start();
  });

  afterEach(stop);

  after(() => deployment.stop());

  async function stop(): Promise<void> {
    await Promise.all(runtimes.splice(0).map((runtime) => runtime.stop()));
  }

  const useEverything = async (connectTimeout: Duration): Promise<void> => {
    for (let i = 0; i < 2; i += 1) {
      const redis = deployment.client({ username: USER, password: PASSWORD });
      const runtime = createInstance({
        redis,
        namespace: 'app',
        caches: { book: {} },
        bound: '200ms',
        timeout: '1s',
        deadline: '3s',
        connectTimeout,
      });
      runtimes.push(runtime);
      await runtime.start();
    }
    const [here, there] = runtimes as [CacheInstance, CacheInstance];
    const [book, elsewhere] = [here, there].map(({ manager }) => manager.getCache('book') as Cache) as [Cache, Cache];
    const keys = Array.from({ length: 20 }, (_, i) => `isbn:${i}`);
    for (const key of keys) expect([await book.getOrLoad(key, () => 1), await elsewhere.getOrLoad(key, () => 2)]).to.deep.equal([1, 1]);
    await book.evictAll(keys, { acks: 'all' });
    for (const key of keys) expect(await elsewhere.getOrLoad(key, () => 2)).to.equal(2);
    await book.put('Dune', 12);
    expect(await elsewhere.putIfAbsent('Dune', 13)).to.deep.equal({ value: 12 });
    await elsewhere.clear({ acks: 'all' });
    expect(await book.getAll(keys)).to.deep.equal(keys.map(() => undefined));

    await Promise.all(deployment.servers.map((server) => server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')));
    await waitFor(() => here.manager.health().links['subscriber'] !== 'up', { what: 'the loss to be noticed' });
    expect(await book.get('nowhere')).to.equal(undefined);
    await waitFor(() => runtimes.every(({ manager }) => manager.health().status === 'up'), { what: 'the subscribers to be back' });

    const seen = new Set<string>();
    const unwatch = here.fleet.watch({ onStatus: ({ id }) => void seen.add(id) });
    await waitFor(() => seen.size === 2, { what: 'both instances to be seen' });
    unwatch();
    await stop();
  };

  const tryWith = (granted: readonly string[], connectTimeout: Duration): Promise<Outcome> =>
    tryRights(deployment.servers, granted, () => useEverything(connectTimeout).finally(stop));

  it('are enough: everything works, and nothing is refused', async () => {
    const { failure, refusals } = await tryWith(rights, '5s');
    expect([failure, refusals]).to.deep.equal([undefined, []]);
  });

  for (const right of documentedClusterRights()) {
    // Who ends lets its channels go: refused, it ends all the same.
    const isCourtesy = right === '+sunsubscribe';
    it(`are needed: without ${right} ${isCourtesy ? 'the server refuses something' : 'something fails'}`, async () => {
      const { failure, refusals } = await tryWith(
        rights.filter((other) => other !== right),
        isCourtesy ? '5s' : '600ms',
      );
      expect(refusals.filter((refusal) => refusal.startsWith(refusalFor(right)))).not.to.deep.equal([]);
      expect(failure === undefined).to.equal(isCourtesy);
    });
  }
});
