import { expect } from 'chai';
import { CacheLoadTimeoutError, type Loader } from '../../../lib/index.js';
import { type CacheInstance, createInstance } from '../../../lib/instance/cache-instance.js';

describe('a load whose caller has waited for as long as its `loadTimeout`', () => {
  let instance: CacheInstance;

  beforeEach(async () => {
    instance = createInstance({ logger: false });
    await instance.start();
  });
  afterEach(() => instance.stop());

  it('and which is aborted by that, is begun anew for those who had joined, once for all of them', async () => {
    let runs = 0;
    const load: Loader<number> = ({ signal }) => {
      runs += 1;
      if (runs > 1) return runs;
      return new Promise((_resolve, reject) => void signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    const cache = instance.manager.getCache('book')!;
    const [first, ...others] = await Promise.allSettled([
      cache.getOrLoad('Dune', load, { loadTimeout: 20 }),
      cache.getOrLoad('Dune', load),
      cache.getOrLoad('Dune', load, { loadTimeout: '1h' }),
    ]);
    expect(first?.status === 'rejected' && first.reason).to.be.instanceOf(CacheLoadTimeoutError);
    expect(others).to.deep.equal([
      { status: 'fulfilled', value: 2 },
      { status: 'fulfilled', value: 2 },
    ]);
    expect([runs, cache.statistics().loadTimeouts]).to.deep.equal([2, 1]);
  });
});
