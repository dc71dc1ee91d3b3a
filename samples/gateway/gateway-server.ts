import { createServer, type Server } from 'node:http';
import type { Container } from 'inversify';
import type { redisOptionsFromEnv } from '../../lib/index.js';
import { drain } from '../support/drain.js';
import type { RunnableServer } from '../support/server-handle.js';
import { CredentialStore } from './credential-store.js';
import { Forwarder } from './forwarder.js';
import { gatewayApp } from './gateway-app.js';
import { createGatewayContainer } from './gateway-container.js';
import { listenOn } from './loopback.js';
import { RateLimits } from './rate-limits.js';
import { RedisConnection } from './redis-connection.js';
import { Relay } from './relay.js';
import { RedisRelayTransport, type RelayTransport, TopicRelayTransport } from './relay-transport.js';
import { TokenVerifier } from './token-verifier.js';

/** What a {@link GatewayServer} is given. */
export interface GatewayServerOptions {
  readonly name: string;
  /** Names its cache instance in messages; unique among all that run. */
  readonly instanceId: string;
  /** On the loopback. `0`: any free one. */
  readonly port: number;
  /** The file of the database. */
  readonly file: string;
  /** Whose tokens are accepted. */
  readonly issuer: string;
  /** The service behind the gateway. */
  readonly upstream: string;
  readonly backend: GatewayBackend;
  /** Takes a line for each request. */
  readonly log: (line: string) => void;
}

/** What the gateways share beside the database: a Redis, or, within one process, the counters of the rate limits. */
export type GatewayBackend =
  | { readonly redis: NonNullable<ReturnType<typeof redisOptionsFromEnv>>; readonly gateways: number }
  | { readonly redis: undefined; readonly limits: RateLimits };

/** A gateway: HTTP and WebSockets on one port of the loopback. */
export class GatewayServer implements RunnableServer {
  readonly #options: GatewayServerOptions;
  readonly #endings: (() => unknown)[] = [];
  #starting: Promise<string> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: GatewayServerOptions) {
    this.#options = options;
  }

  start(): Promise<string> {
    return (this.#starting ??= this.#start());
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #start(): Promise<string> {
    const { name, port, file, issuer, upstream, instanceId, backend, log } = this.#options;
    const store = this.#owned(await CredentialStore.open(file), (store) => store.close());
    const commands = backend.redis === undefined ? undefined : this.#connection(RedisConnection.forCommands(backend.redis));
    const limits = backend.redis === undefined ? backend.limits : RateLimits.overRedis(commands as RedisConnection, backend.gateways);
    const verifier = new TokenVerifier(issuer);
    const container = await createGatewayContainer({ store, verifier, limits, redis: backend.redis, instanceId });
    this.#owned(container, () => container.unbindAllAsync());
    const forwarder = this.#owned(new Forwarder(upstream), (forwarder) => forwarder.close());
    const http = createServer(gatewayApp({ name, container, forwarder, log }));
    await this.#startRelay(container, http, commands);
    return listenOn(http, port, name);
  }

  async #startRelay(container: Container, http: Server, commands: RedisConnection | undefined): Promise<void> {
    const relay = this.#owned(container.get(Relay), (relay) => drain(http, relay.stop()));
    await relay.start(http, await this.#transport(container, commands));
  }

  async #transport(container: Container, commands: RedisConnection | undefined): Promise<RelayTransport> {
    const { redis } = this.#options.backend;
    if (redis === undefined || commands === undefined) return new TopicRelayTransport(container);
    const subscriber = this.#connection(RedisConnection.forSubscriptions(redis));
    await Promise.all([commands.connect(), subscriber.connect()]);
    return new RedisRelayTransport(commands, subscriber);
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => undefined); // Told to whoever started it.
    for (let end = this.#endings.pop(); end !== undefined; end = this.#endings.pop()) await end();
  }

  #connection(connection: RedisConnection): RedisConnection {
    return this.#owned(connection, () => connection.disconnect());
  }

  #owned<T>(resource: T, end: (resource: T) => unknown): T {
    this.#endings.push(() => end(resource));
    return resource;
  }
}
