import { encodeKey } from '../cache/index.js';
import { printable, printableJson, withoutCredentials } from '../errors/index.js';
import { type CachingOptions, createInstance } from '../instance/index.js';
import type { CommandLine } from './command-line.js';
import { firstOf, MAXIMUM_KEYS_PRINTED } from './table.js';

/**
 * Evicts keys or clears a cache as any instance does: this process joins the fleet for as long as it takes.
 *
 * @throws {CacheError} when Redis cannot be reached, or did not acknowledge it.
 */
export async function evict(line: CommandLine, redis: NonNullable<CachingOptions['redis']>, out: (line: string) => void): Promise<void> {
  const { namespace, caches, topic, keys, acks, command, timeoutMs, isJson } = line;
  const name = caches[0] as string;
  const instance = createInstance({
    redis,
    namespace,
    instanceId: `command-line-${process.pid}`,
    connectTimeout: timeoutMs,
    timeout: Math.max(1, Math.floor(timeoutMs / 2)),
    deadline: Math.max(2, timeoutMs),
    dynamic: false,
    logger: false, // The command itself says what is wrong.
    caches: { [name]: { tiers: 'remote', topic } },
  });
  try {
    await instance.start();
    const cache = instance.manager.getCache(name);
    if (cache === undefined) throw new TypeError(`There is no cache '${name}'.`);
    if (command === 'clear') await cache.clear({ acks });
    else await cache.evictAll(keys, { acks });
  } finally {
    await instance.stop();
  }
  const written = keys.map((key) => withoutCredentials(encodeKey(key)));
  if (isJson) return out(printableJson({ cache: name, op: command, keys: written, acks }));
  const what =
    command === 'clear'
      ? `Cleared ${printable(name)}`
      : `Evicted ${firstOf(written, MAXIMUM_KEYS_PRINTED, ' ', printable)} from ${printable(name)}`;
  out(`${what}${acks === 'all' ? ': no instance serves it any more.' : '; the instances follow within their bound.'}`);
}
