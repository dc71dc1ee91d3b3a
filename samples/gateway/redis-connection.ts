import { Redis, type RedisOptions } from 'ioredis';

/** How long Redis may take to count a request or to relay a message, in milliseconds. */
const COMMAND_WITHIN_MS = 500;

/**
 * A connection of the rate limits or of the relay. The Socket.IO adapter does not wait for the answers to what it publishes: were one of
 * them an error, nobody would catch it, and Node ends a process for that. Here every answer has been listened to; who waits for it is told
 * all the same.
 */
export class RedisConnection extends Redis {
  /** @param redis - as `redisOptionsFromEnv` gives it. */
  static to(redis: string | RedisOptions, options: RedisOptions): RedisConnection {
    const own = { ...options, lazyConnect: true, replyMapping: 'legacy' } as const; // What limiter and adapter were written for.
    const connection = typeof redis === 'string' ? new RedisConnection(redis, own) : new RedisConnection({ ...redis, ...own });
    connection.on('error', () => undefined); // It tries again. The connections of the cache tell of the loss.
    return connection;
  }

  /** For commands that rather fail than wait: at once while Redis is away; a Redis that hangs is one that is away, after a second. */
  static forCommands(redis: string | RedisOptions): RedisConnection {
    return RedisConnection.to(redis, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_WITHIN_MS,
      socketTimeout: 2 * COMMAND_WITHIN_MS,
    });
  }

  /** For subscriptions, which stand again after every loss. */
  static forSubscriptions(redis: string | RedisOptions): RedisConnection {
    return RedisConnection.to(redis, { maxRetriesPerRequest: null });
  }

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const answer = super.sendCommand(...args);
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer;
  }
}
