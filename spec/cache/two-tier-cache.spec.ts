import { describeCacheContract } from '../contract/cache-contract.js';
import { Fleet } from '../contract/fleet.js';
import { TwoTierCache } from '../../lib/cache/index.js';

let fleets = 0;

for (const tiers of ['both', 'local', 'remote'] as const) {
  describeCacheContract(`${TwoTierCache.name}, embedded`, tiers, () => new Fleet({ namespace: `contract-${(fleets += 1)}` }));
}
