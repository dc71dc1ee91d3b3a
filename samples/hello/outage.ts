import type { Link } from '../support/link.js';
import type { PrivateRedis } from '../support/private-redis.js';

/** How Redis goes away in the story, and comes back. */
export interface Outage {
  readonly begins: string;
  readonly ends: string;
  readonly begin: () => void | Promise<void>;
  readonly end: () => void | Promise<void>;
}

/** Our own Redis is killed; to somebody else's only the way is cut. `undefined`: there is none, or no way that could be. */
export function outageOf(server: PrivateRedis | undefined, link: Link | undefined): Outage | undefined {
  if (server !== undefined) {
    return {
      begins: 'Kill Redis (SIGKILL)',
      ends: 'Start Redis again: it has forgotten everything',
      begin: () => server.stop(),
      end: () => server.start(),
    };
  }
  if (link === undefined) return undefined;
  return { begins: 'Cut the way to Redis', ends: 'Restore the way to Redis', begin: () => link.cut(), end: () => link.restore() };
}
