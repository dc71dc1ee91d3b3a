import { TwoTierCache } from '../../../lib/cache/index.js';
import { describeCacheContract } from '../../contract/cache-contract.js';
import { Fleet } from '../../contract/fleet.js';
import { ServerTime } from '../../contract/fleet-time.js';
import { ownNamespace, sharedRedis } from '../../support/shared-redis.js';

for (const tiers of ['both', 'local', 'remote'] as const) {
  describeCacheContract(`${TwoTierCache.name}, on Redis`, tiers, async () => {
    const server = await sharedRedis();
    const namespace = ownNamespace('contract');
    return new Fleet({ redis: server.url, namespace }, new ServerTime(server, namespace));
  });
}
