import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Container } from 'inversify';
import { type Cache, CacheManager, type CachingOptions, enableCaching } from '../../lib/index.js';
import { type CacheManagement, cacheManagement, type CacheManagementOptions } from '../../lib/management/index.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { type BrowserContext, type ContextOptions, holds, type Page, sharedBrowser } from '../support/browser.js';
import { PATIENT } from '../support/patient.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';

/** Instances on the shared Redis, each behind a proxy of its own; a web server with the console of the first one; and browsers that look. */
export class ConsoleFleet {
  readonly namespace = ownNamespace('console');
  readonly names: readonly string[];
  /** Whatever the pages complained of, and wherever they asked elsewhere. */
  readonly complaints: string[] = [];
  readonly #containers: Container[] = [];
  readonly #proxies: FaultyRedis[] = [];
  readonly #contexts: BrowserContext[] = [];
  #server: Server | undefined;
  #management: CacheManagement | undefined;
  #port = 0;

  private constructor(size: number) {
    this.names = Array.from({ length: size }, (_, i) => `server-${i + 1}`);
  }

  static async start(options: CachingOptions = {}, size = 4): Promise<ConsoleFleet> {
    const fleet = new ConsoleFleet(size);
    const { url } = await sharedRedis();
    for (const instanceId of fleet.names) {
      const proxy = await faultyRedis(url);
      const container = new Container();
      fleet.#proxies.push(proxy);
      fleet.#containers.push(container);
      const { namespace } = fleet;
      await enableCaching(container, { ...PATIENT, redis: proxy.url, namespace, instanceId, caches: { book: {}, author: {} }, ...options });
    }
    return fleet;
  }

  /** What shows every instance as serving; see {@link shows}. */
  get allServing(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.names.map((name) => [name, 'Serving']));
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The port of the web server. */
  get port(): number {
    return this.#port;
  }

  cacheOf(i: number, name = 'book'): Cache {
    return this.#containers[i]!.get(CacheManager).getCache(name)!;
  }

  /** The way of an instance to Redis. */
  proxyOf(i: number): FaultyRedis {
    return this.#proxies[i]!;
  }

  /** Serves the console, on the same port as before. */
  async serve(options: CacheManagementOptions = {}): Promise<void> {
    const management = cacheManagement(this.#containers[0]!, { basePath: '/cache', ...options });
    const server = createServer((request, response) => management.node(request, response)).listen(this.#port, '127.0.0.1');
    [this.#management, this.#server] = [management, server];
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** The web server is gone, as if its process had died. The instances live on. */
  async vanish(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    this.#management?.close();
    await closed;
  }

  /** A page of its own, which nobody listens to and which shows nothing yet. */
  async blank(options: ContextOptions = {}): Promise<Page> {
    const context = await (await sharedBrowser()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
    this.#contexts.push(context);
    return context.newPage();
  }

  /** A page with the console, whose complaints are kept. */
  async open(options: ContextOptions = {}): Promise<Page> {
    const page = await this.blank(options);
    page.on('console', (message) => void (message.type() === 'log' || this.complaints.push(`${message.type()}: ${message.text()}`)));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => void (request.url().startsWith(this.origin) || this.complaints.push(`asks ${request.url()}`)));
    await page.goto(`${this.origin}/cache/console`);
    return page;
  }

  /** Resolves once the page shows these instances, each in this state. */
  shows(page: Page, states: Readonly<Record<string, string>> = this.allServing): Promise<void> {
    return holds(
      page,
      `Object.entries(${JSON.stringify(states)}).every(([name, state]) => document.querySelector('[data-instance="' + name + '"] .state')?.textContent === state)`,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#contexts.map((context) => context.close()));
    await this.vanish();
    await Promise.all(this.#containers.map((container) => container.unbindAllAsync()));
    await Promise.all(this.#proxies.map((proxy) => proxy.stop()));
  }
}
