import type { Redis } from 'ioredis';
import { Cacheable, CacheEvict, CachePut } from '../../lib/index.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { monotonicNow } from './monotonic.js';

/** What is cached: the version says which commit a reader has seen. */
export interface Book {
  readonly version: number;
  readonly title: string;
  /** When it was read from the database or written there, of CLOCK_MONOTONIC. */
  readonly at: Milliseconds;
}

/**
 * The service under test, as a user would write it. Its database is a second Redis server that no fault touches, reached directly: a
 * commit is one INCR, so versions grow by one at each commit whoever commits.
 */
export class BookRepository {
  readonly #database: Redis;
  readonly #pause: () => Promise<void>;
  readonly #revised = new Map<number, number>();

  /** @param pause - how long the method itself takes besides reading. */
  constructor(database: Redis, pause: () => Promise<void>) {
    this.#database = database;
    this.#pause = pause;
  }

  @Cacheable('book')
  async find(key: number): Promise<Book> {
    const at = monotonicNow();
    const version = Number((await this.#database.get(`book:${key}`)) ?? 0);
    await this.#database.incr(`loads:${key}`);
    await this.#pause(); // After the read: the longer a value is on its way, the more evictions can come between.
    return { version, title: `Book ${key}`, at };
  }

  /** Commits a new version and caches it. Of two writers of one key the later might cache first, so each key must have but one. */
  @CachePut('book')
  async revise(key: number): Promise<Book> {
    const at = monotonicNow();
    const version = await this.#database.incr(`book:${key}`);
    this.#revised.set(key, version);
    return { version, title: `Book ${key}`, at };
  }

  /** The version that {@link revise} committed last. */
  revisedTo(key: number): number {
    return this.#revised.get(key) ?? 0;
  }

  /** Commits a new version, then evicts. */
  @CacheEvict('book')
  publish(key: number): Promise<number> {
    return this.#database.incr(`book:${key}`);
  }

  /** The same, and resolves once no instance serves an older one. */
  @CacheEvict('book', { acks: 'all' })
  publishEverywhere(key: number): Promise<number> {
    return this.#database.incr(`book:${key}`);
  }

  /** Commits in the way it is told to, then evicts. */
  @CacheEvict('book', { key: (key) => key })
  amend(key: number, commit: () => Promise<number>): Promise<number> {
    return commit();
  }

  /** The same, with an eviction before it as well. */
  @CacheEvict('book', { key: (key) => key, aroundInvocation: true })
  amendSafely(key: number, commit: () => Promise<number>): Promise<number> {
    return commit();
  }

  /** Commits a new version of one, then evicts all. */
  @CacheEvict('book', { allEntries: true })
  publishCatalogue(key: number): Promise<number> {
    return this.#database.incr(`book:${key}`);
  }

  /** The same, and resolves once no instance serves an older one. */
  @CacheEvict('book', { allEntries: true, acks: 'all' })
  publishCatalogueEverywhere(key: number): Promise<number> {
    return this.#database.incr(`book:${key}`);
  }
}
