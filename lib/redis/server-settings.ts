import { RemoteCacheError } from '../errors/index.js';
import type { CommandConnection } from './command-connection.js';

/** A setting of the server that makes one of our guarantees weaker than it could be. */
export interface SettingWarning {
  readonly code: 'CACHE_SERVER_EVICTION_POLICY' | 'CACHE_SERVER_REPLICAS';
  /** What it means, and what to set instead. Follows the name of the server. */
  readonly text: string;
}

/**
 * The warnings about a server.
 *
 * @param info - its reply to INFO. A field that it lacks gives no warning.
 */
function warningsOf(info: string): readonly SettingWarning[] {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const warnings: SettingWarning[] = [];
  const policy = field('maxmemory_policy');
  // `maxmemory:0` means no limit: then the policy has no effect.
  if (policy?.startsWith('allkeys-') === true && Number(field('maxmemory') ?? 0) > 0) {
    warnings.push({
      code: 'CACHE_SERVER_EVICTION_POLICY',
      text:
        `may drop any key when its memory is full (maxmemory-policy ${policy}), the caches' own records included: caches are then emptied for no reason, ` +
        `and an eviction with acks: 'all' may not wait for everybody. Set maxmemory-policy to volatile-lru, volatile-lfu or volatile-ttl.`,
    });
  }
  // Redis reports `min_slaves_good_slaves` only when writes need replicas. The primaries of a cluster stop by
  // themselves when cut off.
  if (
    field('cluster_enabled') !== '1' &&
    field('role') === 'master' &&
    Number(field('connected_slaves') ?? 0) > 0 &&
    field('min_slaves_good_slaves') === undefined
  ) {
    warnings.push({
      code: 'CACHE_SERVER_REPLICAS',
      text:
        'has replicas and acknowledges writes without waiting for any (min-replicas-to-write 0): cut off from them it goes on as a second primary, ' +
        'and evictions it acknowledges then are lost. Set min-replicas-to-write 1 and min-replicas-max-lag 2.',
    });
  }
  return warnings;
}

/** The warnings that this process has printed, each with the server's name. */
const told = new Set<string>();

/**
 * Prints the warnings about a server, each once per process and server. A server that does not answer now
 * gives no warning: events report its connections.
 *
 * @throws {RemoteCacheError} `CACHE_REMOTE_FAILED` when it refuses INFO.
 */
export async function checkServerSettings(connection: CommandConnection): Promise<void> {
  const info = await connection.guard
    .run('info', () => connection.client.info())
    .catch((error: unknown) => {
      if (RemoteCacheError.is(error) && error.code !== 'CACHE_REMOTE_FAILED') return '';
      throw error;
    });
  for (const { code, text } of warningsOf(info)) {
    const { address } = connection;
    const label = address === undefined ? connection.endpoint.label : `${address.host}:${address.port}`;
    if (told.has(`${code} ${label}`)) continue;
    told.add(`${code} ${label}`);
    process.emitWarning(`Redis at ${label} ${text}`, { type: 'CacheWarning', code });
  }
}
