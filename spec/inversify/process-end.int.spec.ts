import { expect } from 'chai';
import { enableCaching } from '../../lib/index.js';
import { runAndUnbind } from '../support/process-end.js';
import { freePort } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';

describe(`${enableCaching.name} in a process with Redis`, function () {
  this.timeout(60_000);

  it('keeps it running no longer than unbindAllAsync', async () => {
    const options = { redis: (await sharedRedis()).url, namespace: ownNamespace() };
    expect(await runAndUnbind(options, 'await enableCaching(container, options);')).to.equal('before 0\nafter 1\n');
  });

  it('connects at start where only the module was loaded', async () => {
    const options = { redis: (await sharedRedis()).url, namespace: ownNamespace() };
    const enable = 'container.load(cachingModule(options)); await container.get(CacheManager).start();';
    expect(await runAndUnbind(options, enable)).to.equal('before 0\nafter 1\n');
  });

  it('lets it end if Redis was never there', async () => {
    const options = { redis: `redis://127.0.0.1:${await freePort()}`, connectTimeout: '1s' };
    const enable = 'await enableCaching(container, options).catch(({ code }) => console.log(code, container.isBound(CacheManager)));';
    expect(await runAndUnbind(options, enable, false)).to.equal('CACHE_REMOTE_CONNECT_FAILED false\nbefore 1\nafter 1\n');
  });
});
