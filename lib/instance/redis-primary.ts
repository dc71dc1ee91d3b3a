import { EntryCodec, Generation, RemoteCache, ValueCodec } from '../cache/index.js';
import { type CommandConnection, checkServerSettings } from '../redis/index.js';
import type { CacheEvents } from '../event/index.js';
import {
  Acknowledgements,
  type Heartbeat,
  HeartbeatRefusals,
  RedisEvictionLog,
  RedisHeartbeat,
  RemoteKeys,
  ServerClock,
} from '../eviction/index.js';
import type { MessageListenerContainer } from '../topic/index.js';
import { keyvOver, type Primary } from './backend.js';
import type { ResolvedCacheOptions, ResolvedCachingOptions } from './options.js';

/** What a primary on Redis is made of. */
export interface RedisPrimaryParts {
  readonly namespace: string;
  readonly connection: CommandConnection;
  readonly container: MessageListenerContainer;
  readonly channel: Primary['channel'];
  readonly options: ResolvedCachingOptions;
  readonly events: CacheEvents;
  /** Must resolve before each heartbeat. Default: nothing. */
  readonly beforeHeartbeat?: () => Promise<void>;
}

/** More caches that are not kept are not remembered. */
const MAXIMUM_PASSING = 1_000;

/** A primary on Redis, through a command connection and a listener container of its own. */
export function redisPrimary(parts: RedisPrimaryParts): Primary {
  const { namespace, connection, container, channel, options, events, beforeHeartbeat } = parts;
  const { origin, boundMs, fillLeaseMs, clock } = options;
  const serverClock = new ServerClock(clock);
  const refusals = new HeartbeatRefusals(connection.endpoint.label, events);
  const acknowledgements = new Acknowledgements(origin, boundMs);
  const heartbeat = new RedisHeartbeat({ connection, namespace, origin, boundMs, acknowledgements, serverClock, clock });

  let hasLeft = false;

  const remoteOf = (cache: string, settings: ResolvedCacheOptions, announced: string, generation: Generation, isKept: () => boolean) => {
    const codec = new EntryCodec({ codec: new ValueCodec(settings), clock, time: serverClock });
    const keys = new RemoteKeys(namespace, cache);
    const keyv = keyvOver(new Map(), codec, keys.keyvNamespace('0'));
    generation.onChange(() => (keyv.namespace = keys.keyvNamespace(generation.current ?? '0')));
    const log = new RedisEvictionLog({
      connection,
      namespace,
      cache,
      channel: announced,
      origin,
      boundMs,
      fillLeaseMs,
      acknowledgements,
      isKept,
      generation,
    });
    const remote = new RemoteCache({ keyv, log, codec, guard: connection.guard, traced: { cache, events }, generation });
    return { keyv, log, remote };
  };

  /** Of caches that are not kept, those evicted from last: after a failover they begin a new generation as well. */
  const passing = new Map<string, RedisEvictionLog>();
  const renewPassing = async (): Promise<void> => {
    await Promise.all([...passing.values()].map((log) => log.renew()));
    passing.clear();
  };
  connection.onOtherServer(renewPassing);

  return {
    namespace,
    container,
    heartbeat: watched(beforeHeartbeat === undefined ? heartbeat : preceded(heartbeat, beforeHeartbeat), refusals),
    serverClock,
    acknowledgements,
    send: (to, message) => connection.publish(to, message),
    channel,
    generation: () => new Generation(),
    remote: (cache, settings, announced, generation) => {
      const { keyv, log, remote } = remoteOf(cache, settings, announced, generation, () => !hasLeft);
      connection.readThrough(keyv);
      connection.onOtherServer(() => log.renew());
      return remote;
    },
    evictions: (cache, settings, announced) => {
      const { log, remote } = remoteOf(cache, settings, announced, new Generation(), () => false);
      passing.delete(cache);
      passing.set(cache, log);
      if (passing.size > MAXIMUM_PASSING) passing.delete(passing.keys().next().value as string);
      return remote;
    },
    connect: async (firstBeat) => {
      connection.verifyWith(firstBeat);
      // Also when it is verified only after this start has failed.
      const checked = connection.verified
        .then(() => checkServerSettings(connection))
        .catch((error: unknown) => void events.emit('error', { where: 'server settings', error }));
      await connection.start();
      await checked;
    },
    answered: () => connection.confirm(),
    reconnect: (reason) => connection.reconnect(reason),
    leave: (caches) => {
      hasLeft = true;
      return heartbeat.leave(caches).catch((error: unknown) => events.emit('error', { where: 'leaving', error }));
    },
    namesakes: (caches) => heartbeat.namesakes(caches),
    isUsable: () => connection.acceptsSteps,
    refusal: () => refusals.reason,
  };
}

const watched = (heartbeat: Heartbeat, refusals: HeartbeatRefusals): Heartbeat => ({
  pulse: async (caches, head) => {
    try {
      const pulse = await heartbeat.pulse(caches, head);
      refusals.succeeded();
      return pulse;
    } catch (error) {
      refusals.failed(error);
      throw error;
    }
  },
  leave: (caches) => heartbeat.leave(caches),
});

const preceded = (heartbeat: Heartbeat, before: () => Promise<void>): Heartbeat => ({
  pulse: async (caches, head) => {
    await before();
    return heartbeat.pulse(caches, head);
  },
  leave: (caches) => heartbeat.leave(caches),
});
