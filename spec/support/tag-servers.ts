import type { TwoTierCache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { CacheOptions, CachingOptions } from '../../lib/instance/options.js';
import { Bookkeeping } from './bookkeeping.js';
import { PATIENT } from './patient.js';
import type { RedisServer } from './redis-server.js';
import { waitFor } from './wait.js';

let namespaces = 0;

/** Servers of a service that have the cache `book` on one Redis, in a namespace of their own. */
export class TagServers {
  readonly server: RedisServer;
  readonly namespace = `tags-${(namespaces += 1)}`;
  readonly book: Bookkeeping;
  readonly instances: CacheInstance[] = [];
  /** What the method reads: the truth. */
  version = 1;

  constructor(server: RedisServer) {
    this.server = server;
    this.book = new Bookkeeping(server, this.namespace);
  }

  /** One more, up. It has tags unless its options say otherwise. */
  async join(book: CacheOptions = {}, options: CachingOptions = {}): Promise<TwoTierCache> {
    const caches = { book: { tags: true, ...book } };
    const instance = createInstance({ ...PATIENT, redis: this.server.url, namespace: this.namespace, caches, ...options });
    this.instances.push(instance);
    await instance.start();
    await this.up();
    return instance.manager.getCache('book') as TwoTierCache;
  }

  /** Waits until all are up. */
  up(): Promise<void> {
    const isUp = (): boolean => this.instances.every(({ manager }) => manager.health().status === 'up');
    return waitFor(isUp, { what: 'all to be up' });
  }

  /** Reads as a decorated method does. */
  read(by: TwoTierCache, tags?: readonly string[] | 'none', key = 'Dune'): Promise<number> {
    const tagged = tags === 'none' ? {} : { tags: tags ?? ['herbert'] };
    return by.getOrLoad(key, () => this.version, tagged);
  }

  /** The last instance to join goes. */
  async leave(): Promise<void> {
    await this.instances.pop()?.stop();
  }

  async stop(): Promise<void> {
    await Promise.all(this.instances.splice(0).map((instance) => instance.stop()));
  }

  /** What lies in the record of the tags: the generation and its floor first. */
  async record(): Promise<readonly [member: string, number: number][]> {
    const flat = (await this.server.cli('ZRANGE', this.book.keys.tags, 0, -1, 'WITHSCORES')) as string[];
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as string, Number(flat[2 * i + 1])]);
  }

  /** The floor of the present generation. `undefined`: the record has none of it. */
  async floor(): Promise<number | undefined> {
    const score = (await this.server.cli('ZSCORE', this.book.keys.tags, `*${await this.book.gen()}`)) as string | null;
    return score === null ? undefined : -Number(score);
  }

  /** Whether only instances with tags were allowed to store something in the present generation. */
  async isPure(): Promise<boolean> {
    return (await this.book.text())?.endsWith(':t') === true;
  }
}
