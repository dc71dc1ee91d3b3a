import type { default as Store, RedisClientType } from '@keyv/redis';
import { clientMissing } from '../errors/index.js';

/** Keyv's adapter for Redis, and node-redis, which comes with it. */
export interface KeyvRedisLibrary {
  /** Makes a node-redis client. */
  readonly createClient: typeof import('@keyv/redis').createClient;
  /** Makes an adapter that reads through `client`. It neither opens nor closes the client's connection. */
  readonly storeOver: (client: RedisClientType) => Store<unknown>;
  /** The class of node-redis' errors that are replies of the server; `undefined` when it exports none. */
  readonly ErrorReply: ErrorReplyClass | undefined;
}

/** The class of errors that are replies of the server. */
export type ErrorReplyClass = abstract new (...args: never[]) => Error;

/**
 * Loads both. Only when they are needed: loading takes a third of the time in which the whole library
 * starts, and an application without Redis does without them.
 *
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when they are not installed or cannot be loaded.
 */
export async function loadKeyvRedis(): Promise<KeyvRedisLibrary> {
  try {
    const { createClient, default: KeyvRedis } = await import('@keyv/redis');
    /**
     * Asks the client at once. The adapter itself would first check the connection, and connect when there is
     * none.
     */
    class ManagedStore extends KeyvRedis<unknown> {
      override get<V>(key: string): Promise<V | undefined> {
        // Keyv takes `null` as a miss too.
        const found = this.client.get(this.createKeyPrefix(key, this.namespace)) as Promise<V | undefined>;
        return found.catch(asUnreadable) as Promise<V | undefined>;
      }
    }
    const { ErrorReply } = await import('@redis/client');
    return { createClient, ErrorReply, storeOver: (client) => new ManagedStore(client, { throwOnErrors: true }) };
  } catch (error) {
    throw clientMissing('@keyv/redis', error);
  }
}

/**
 * Whether `error` is a reply of the server, as opposed to a lost connection or silence.
 *
 * Its class decides; or else its form, since the client may come from another copy of the library: the
 * server's words begin with a code, as in `WRONGTYPE Operation against a key …`. The name of the class does
 * not decide: a bundler may shorten it.
 *
 * @param ErrorReply - the class of replies. Default: the form alone decides.
 */
export function isErrorReply(error: unknown, ErrorReply?: ErrorReplyClass): error is Error {
  if (!(error instanceof Error)) return false;
  if (ErrorReply !== undefined && error instanceof ErrorReply) return true;
  return !('code' in error) && /^[A-Z][A-Z\d_]{2,}(?: |$)/.test(error.message);
}

/**
 * An empty string for a key that holds no string. Our codecs write nothing but strings, and none reads an
 * empty one: so the entry counts as unreadable. (MGET answers `nil` for such a key.)
 */
function asUnreadable(error: unknown): string {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE ')) return '';
  throw error;
}
