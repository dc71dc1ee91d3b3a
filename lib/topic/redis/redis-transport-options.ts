import { CacheConfigurationError, shown } from '../../errors/index.js';
import { CacheEvents } from '../../event/index.js';
import type { Milliseconds } from '../../time/index.js';

/** How a {@link RedisTransport} treats its connections. */
export interface RedisTransportOptions {
  /** How long one attempt to connect may take, handshake included, in milliseconds. Default: `2_000`. */
  readonly connectTimeoutMs?: Milliseconds | undefined;
  /**
   * A connection is given up when a command got no answer for so long, in milliseconds. Must exceed
   * {@link pingIntervalMs}. Default: `1_500`. A link that swallows everything is noticed after at most
   * this time and two intervals; TCP alone would take minutes.
   */
  readonly socketTimeoutMs?: Milliseconds | undefined;
  /** PING is sent when nothing was read for so long, in milliseconds. Default: `500`. */
  readonly pingIntervalMs?: Milliseconds | undefined;
  /**
   * The pause before the `attempt`th try to connect again, in milliseconds. `attempt` counts from 1. Default:
   * {@link shortRetryDelay}.
   */
  readonly retryDelayMs?: ((attempt: number) => Milliseconds) | undefined;
  /**
   * The connections are named so in `CLIENT LIST`, with `-subscriber` or `-publisher` added. Must hold no
   * blanks. Default: `topic`.
   */
  readonly connectionName?: string | undefined;
  /**
   * Receives events about the publisher's connection; the listener container reports the subscriber's.
   * Default: events that nobody hears.
   */
  readonly events?: CacheEvents | undefined;
}

/** {@link RedisTransportOptions} with all defaults filled in. */
export type ResolvedRedisTransportOptions = { readonly [K in keyof RedisTransportOptions]-?: NonNullable<RedisTransportOptions[K]> };

/**
 * Grows by 50 ms with each attempt, up to 500 ms, plus at most 50 ms at random so that the instances of a
 * fleet do not all return at the same moment.
 */
export function shortRetryDelay(attempt: number): Milliseconds {
  return Math.min(50 * attempt, 500) + Math.floor(Math.random() * 50);
}

/**
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a time that is not a positive integer, or a
 *   socket timeout that is not longer than the PING interval.
 */
export function resolveTransportOptions(options: RedisTransportOptions = {}): ResolvedRedisTransportOptions {
  const resolved = {
    connectTimeoutMs: options.connectTimeoutMs ?? 2_000,
    socketTimeoutMs: options.socketTimeoutMs ?? 1_500,
    pingIntervalMs: options.pingIntervalMs ?? 500,
    retryDelayMs: options.retryDelayMs ?? shortRetryDelay,
    connectionName: options.connectionName ?? 'topic',
    events: options.events ?? new CacheEvents(),
  };
  for (const name of ['connectTimeoutMs', 'socketTimeoutMs', 'pingIntervalMs'] as const) {
    if (!Number.isInteger(resolved[name]) || resolved[name] <= 0) throw invalid(name, 'a positive integer', resolved[name]);
  }
  if (resolved.socketTimeoutMs <= resolved.pingIntervalMs) {
    throw invalid('socketTimeoutMs', `greater than \`pingIntervalMs\` (${resolved.pingIntervalMs})`, resolved.socketTimeoutMs);
  }
  if (!/^[!-~]+$/.test(resolved.connectionName)) throw invalid('connectionName', 'printable ASCII without blanks', resolved.connectionName);
  return Object.freeze(resolved);
}

function invalid(option: string, expected: string, got: unknown): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be ${expected}, got \`${shown(got)}\`.`);
}
