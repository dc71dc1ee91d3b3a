import 'reflect-metadata';
import { Container } from 'inversify';
import {
  CacheEvictError,
  CacheManager,
  type CacheStatistics,
  type CachingOptions,
  cachingModule,
  MessageListenerContainer,
} from '../../lib/index.js';
import { type AnswerSource, traceRead } from '../support/request-trace.js';
import { ConnectionWatch } from './connection-watch.js';
import { GreetingStore, HelloService } from './hello-service.js';
import { Journal } from './journal.js';

/** One server: a container with its own L1, its own connections to Redis and its own listener on `user-events`. */
export class HelloServer {
  readonly name: string;
  readonly #container: Container;

  private constructor(name: string, container: Container) {
    this.name = name;
    this.#container = container;
  }

  /** Resolves once Redis has confirmed the subscription. @param redis - `undefined`: embedded. */
  static async start(name: string, redis: CachingOptions['redis'], store: GreetingStore, journal: Journal): Promise<HelloServer> {
    const container = new Container({ defaultScope: 'Singleton' });
    container.bind(GreetingStore).toConstantValue(store);
    container.bind(Journal).toConstantValue(journal);
    container.bind(HelloService).toSelf();
    container.bind(ConnectionWatch).toSelf();
    const hello = { ttl: '60s', maximumSize: 100, topic: 'user-events' } as const;
    container.load(cachingModule({ redis, instanceId: `${name}-${process.pid}`, logger: false, caches: { hello } }));
    container.get(ConnectionWatch); // Before the start: it shall hear of the first connection, too.
    const server = new HelloServer(name, container);
    try {
      await container.get(CacheManager).start();
      return server;
    } catch (error) {
      await server.stop(); // Else it would go on trying.
      throw error;
    }
  }

  /** The greeting, and where it came from. */
  read(): Promise<{ readonly value: string; readonly source: AnswerSource }> {
    const hello = this.#container.get(HelloService);
    return traceRead(
      () => this.#statistics(),
      () => hello.greet(),
    );
  }

  /** Changes the greeting. Without Redis as well: the eviction is tried again until Redis has it, which {@link ConnectionWatch} tells. */
  async change(text: string): Promise<void> {
    this.#container.get(Journal).note('changing', `change  "${text}"`);
    try {
      await this.#container.get(HelloService).change(text);
    } catch (error) {
      if (!(error instanceof CacheEvictError)) throw error;
    }
  }

  /** Empties the cache, on both tiers and all servers. */
  async clear(): Promise<void> {
    await this.#container.get(CacheManager).getCache('hello')?.clear();
  }

  /** How its subscription stands. Nobody has to ask: a heartbeat through Redis checks it four times a second. */
  get subscription(): string {
    return this.#container.get(MessageListenerContainer).state;
  }

  async stop(): Promise<void> {
    await this.#container.unbindAllAsync();
  }

  #statistics(): CacheStatistics {
    return this.#container.get(CacheManager).statistics()['hello'] as CacheStatistics;
  }
}
