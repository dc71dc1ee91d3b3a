import type { default as Store, RedisClientType } from '@keyv/redis';
import { clientMissing } from '../errors/index.js';

/** Keyv's adapter for Redis, and the client that comes with it. */
export interface KeyvRedisLibrary {
  readonly createClient: typeof import('@keyv/redis').createClient;
  /** The adapter over a client whose connection is somebody else's care. */
  readonly storeOver: (client: RedisClientType) => Store<unknown>;
  /** What the client makes of an error reply; `undefined`: it does not say. */
  readonly ErrorReply: ErrorReplyClass | undefined;
}

/** The class of errors that are replies of the server. */
export type ErrorReplyClass = abstract new (...args: never[]) => Error;

/**
 * Loads them: a third of what the whole library takes to start, for nothing where there is no Redis.
 *
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED`.
 */
export async function loadKeyvRedis(): Promise<KeyvRedisLibrary> {
  try {
    const { createClient, default: KeyvRedis } = await import('@keyv/redis');
    /** Asks the client at once. The adapter would first see to the connection, and connect by itself where there is none. */
    class ManagedStore extends KeyvRedis<unknown> {
      override get<V>(key: string): Promise<V | undefined> {
        const found = this.client.get(this.createKeyPrefix(key, this.namespace)) as Promise<V | undefined>; // Keyv takes `null` for nothing too.
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
 * Whether `error` is what the server answered, as against a lost connection or silence. By its class, or, where the client is another copy
 * than the one we know, by its form: the server's words begin with a code, as in `WRONGTYPE Operation against a key …`. Not by the class's
 * name, which a bundler may shorten.
 */
export function isErrorReply(error: unknown, ErrorReply?: ErrorReplyClass): error is Error {
  if (!(error instanceof Error)) return false;
  if (ErrorReply !== undefined && error instanceof ErrorReply) return true;
  return !('code' in error) && /^[A-Z][A-Z\d_]{2,}(?: |$)/.test(error.message);
}

/** Where no string lies, no codec has written: an entry that cannot be read, as an empty string would be. MGET says `nil` for it. */
function asUnreadable(error: unknown): string {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE ')) return '';
  throw error;
}
