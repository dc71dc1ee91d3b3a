import type { CacheInstance } from '../../lib/instance/cache-instance.js';
import type { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

/** Ends every subscription on these servers, and resolves once each instance has subscribed again and serves. */
export async function loseSubscriptions(servers: readonly RedisServer[], instances: readonly CacheInstance[]): Promise<void> {
  const returned = instances.map(({ events }) => {
    let [lost, back] = [0, 0];
    events.on('lost', () => (lost += 1));
    events.on('connected', () => (back += 1));
    return () => lost > 0 && back >= lost;
  });
  await Promise.all(servers.map((server) => server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')));
  await waitFor(() => returned.every((isBack) => isBack()) && instances.every(({ manager }) => manager.health().status === 'up'), {
    what: 'all to be subscribed again',
  });
}
