import { randomUUID } from 'node:crypto';
import { Container } from 'inversify';
import sinon from 'sinon';
import type { EmbeddedStore } from '../../lib/eviction/embedded-store.js';
import { EmbeddedRemote } from '../../lib/eviction/index.js';
import { type Cache, CacheEvents, type CacheManager, type CacheOptions, type CachingOptions, enableCaching } from '../../lib/index.js';
import { enableOver } from '../../lib/inversify/enable-caching.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';

/** One column of the store matrix. */
interface Store {
  readonly name: string;
  readonly tiers: 'both' | 'local' | 'remote';
  readonly onRedis: boolean;
}

const STORES: readonly Store[] = [
  { name: 'embedded', tiers: 'both', onRedis: false },
  { name: 'local only', tiers: 'local', onRedis: true },
  { name: 'remote only', tiers: 'remote', onRedis: true },
  { name: 'local and remote', tiers: 'both', onRedis: true },
];

/** The remote steps that a {@link Stage} can make fail. */
export type BrokenStep = 'read' | 'write';

/** The caches every stage has from the beginning, subscribed before a behaviour starts. */
const CACHES = ['testCache', 'primary', 'secondary'] as const;

type Newable<T> = new (...args: any[]) => T;

/**
 * A container with caching over one store, opened anew for each behaviour, in a namespace of its own.
 *
 * Where a section says so, connections and namespaces are kept from one behaviour to the next, emptied: counters go on then, containers do not.
 */
export class Stage {
  readonly #store: Store;
  readonly #options: CachingOptions;
  readonly #keeps: boolean;
  readonly #opened: Container[] = [];
  readonly #kept: { readonly runtime: CacheInstance; readonly namespace: string }[] = [];
  #keptInUse = 0;
  #first: Opened | undefined;
  #user: string | undefined;

  constructor(store: Store, options: CachingOptions, keeps: boolean) {
    this.#store = store;
    this.#options = options;
    this.#keeps = keeps;
  }

  /** Whether values are kept in the process. */
  get hasLocal(): boolean {
    return this.#store.tiers !== 'remote';
  }

  /** Whether values are kept outside of the process, or in what stands for that. */
  get hasRemote(): boolean {
    return this.#store.tiers !== 'local';
  }

  /** Whether there is a real server behind. */
  get onRedis(): boolean {
    return this.#store.onRedis;
  }

  get container(): Container {
    return this.#opening.container;
  }

  get manager(): CacheManager {
    return this.#opening.manager;
  }

  get namespace(): string {
    return this.#opening.namespace;
  }

  get events(): CacheEvents {
    return this.container.get(CacheEvents);
  }

  get #opening(): Opened {
    if (this.#first === undefined) throw new Error('The stage is closed.');
    return this.#first;
  }

  /** Opens it. With other options than those of the section: closes what was open before. */
  async open(options?: CachingOptions): Promise<void> {
    await this.close();
    this.#first = await this.another(options);
  }

  /**
   * One more container over the same kind of store; in a namespace of its own, unless `options` name one.
   *
   * @param prepare - binds what is to be there before caching is.
   */
  async another(options?: CachingOptions, prepare?: (container: Container) => void): Promise<Opened> {
    const container = new Container();
    this.#opened.push(container);
    prepare?.(container);
    if (this.#keeps && options === undefined) {
      const { runtime, namespace } = (this.#kept[this.#keptInUse] ??= await this.#keep());
      this.#keptInUse += 1;
      const manager = await enableOver(container, () => ({ ...runtime, start: async () => {}, stop: async () => {} }));
      return { container, manager, namespace };
    }
    const all = await this.#complete(options);
    return { container, manager: await enableCaching(container, all), namespace: all.namespace };
  }

  async #keep(): Promise<{ readonly runtime: CacheInstance; readonly namespace: string }> {
    const options = await this.#complete();
    const runtime = createInstance(options);
    await runtime.start();
    return { runtime, namespace: options.namespace };
  }

  async #complete(options: CachingOptions = {}): Promise<CachingOptions & { readonly namespace: string }> {
    const namespace = options.namespace ?? ownNamespace('conformance');
    const defaults: CacheOptions = { tiers: this.#store.tiers, ...this.#options.defaults, ...options.defaults };
    const caches = { ...Object.fromEntries(CACHES.map((name) => [name, {}])), ...this.#options.caches, ...options.caches };
    const redis = this.#store.onRedis ? { redis: await this.#login() } : {};
    return { timeout: '1s', deadline: '4s', ...redis, ...this.#options, ...options, namespace, defaults, caches };
  }

  /** Closes every container, and forgets the faults. What is kept is emptied. */
  async close(): Promise<void> {
    sinon.restore();
    await Promise.all(this.#opened.splice(0).map((container) => container.unbindAllAsync()));
    this.#first = undefined;
    const used = this.#kept.slice(0, this.#keptInUse).map(({ runtime }) => runtime.manager);
    await Promise.all(used.flatMap((manager) => manager.cacheNames.map(async (name) => manager.getCache(name)?.clear())));
    this.#keptInUse = 0;
    if (this.#kept.length === 0) await this.#logout();
  }

  /** Closes what was kept. */
  async end(): Promise<void> {
    await Promise.all(this.#kept.splice(0).map(({ runtime }) => runtime.stop()));
    await this.#logout();
  }

  /** Binds the class and resolves it. */
  serve<T>(service: Newable<T>): T {
    this.container.bind(service).toSelf();
    return this.container.get(service);
  }

  /** The cache of this name. */
  cache(name: string): Cache {
    const cache = this.manager.getCache(name);
    if (cache === undefined) throw new Error(`There is no cache '${name}'.`);
    return cache;
  }

  /**
   * From now on the remote tier refuses to read, or to write, values. On Redis the server itself refuses, by its access list: what fails is a
   * real command. In shared memory the Map throws.
   */
  async breakRemote(...steps: readonly BrokenStep[]): Promise<void> {
    if (!this.#store.onRedis) {
      const { entries } = this.#memory('testCache');
      const refuse = (): never => {
        throw new Error('shared memory refused');
      };
      if (steps.includes('read')) sinon.stub(entries, 'get').callsFake(refuse);
      if (steps.includes('write')) for (const verb of ['set', 'delete', 'clear'] as const) sinon.stub(entries, verb).callsFake(refuse);
      return;
    }
    const refused = steps.flatMap((step) => (step === 'read' ? ['-get', '-mget'] : ['-eval', '-evalsha']));
    await (await sharedRedis()).cli('ACL', 'SETUSER', this.#user as string, ...refused);
  }

  /** Everything works again. */
  async mendRemote(): Promise<void> {
    sinon.restore();
    if (this.#user !== undefined) await (await sharedRedis()).cli('ACL', 'SETUSER', this.#user, '+@all');
  }

  /** Shared memory that stands for Redis; gone with the stage. */
  #memory(cache: string): EmbeddedStore {
    const remote = EmbeddedRemote.of(this.namespace, 'stage');
    const store = remote.store(cache);
    remote.release('stage');
    return store;
  }

  async #logout(): Promise<void> {
    if (this.#user !== undefined) await (await sharedRedis()).cli('ACL', 'DELUSER', this.#user);
    this.#user = undefined;
  }

  /** A user of the stage's own, whose rights can be taken away without a word to anybody else. */
  async #login(): Promise<string> {
    const server = await sharedRedis();
    const password = 'conformance';
    if (this.#user === undefined) {
      this.#user = `conformance-${randomUUID()}`;
      await server.cli('ACL', 'SETUSER', this.#user, 'on', `>${password}`, '~*', '&*', '+@all');
    }
    return server.url.replace('redis://', `redis://${this.#user}:${password}@`);
  }
}

/** What {@link Stage.another} opens. */
export interface Opened {
  readonly container: Container;
  readonly manager: CacheManager;
  readonly namespace: string;
}

/** Declares the behaviours of `section` once per store. `options` hold for every stage; the tiers are the store's. */
export function onEveryStore(section: (stage: Stage) => void, options: CachingOptions = {}): void {
  onStores(section, options, false);
}

/** The same with connections that are kept from one behaviour to the next, for sections that are long and look at values only. */
export function onEveryKeptStore(section: (stage: Stage) => void): void {
  onStores(section, { bound: '60s' }, true);
}

function onStores(section: (stage: Stage) => void, options: CachingOptions, keeps: boolean): void {
  for (const store of STORES) {
    describe(`over ${store.name}`, () => {
      const stage = new Stage(store, options, keeps);
      beforeEach(() => stage.open());
      afterEach(() => stage.close());
      after(() => stage.end());
      section(stage);
    });
  }
}
