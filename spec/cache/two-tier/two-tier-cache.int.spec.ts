import { TwoTierCache } from '../../../lib/cache/index.js';
import { describeCacheContract } from '../../contract/cache-contract.js';
import { Fleet } from '../../contract/fleet.js';
import { ownNamespace, sharedRedis } from '../../support/shared-redis.js';

for (const tiers of ['both', 'local', 'remote'] as const) {
  describeCacheContract(`${TwoTierCache.name}, on Redis`, tiers, async () => {
    const { url } = await sharedRedis();
    return new Fleet({ redis: url, namespace: ownNamespace('contract') });
  });
}
