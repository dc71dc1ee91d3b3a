import type { Redis } from 'ioredis';
import { Cacheable, CacheableAll, CacheEvict, CachePut } from '../../lib/index.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { monotonicNow } from './monotonic.js';
import type { Committed } from './oracle.js';

/** What is cached: the version says which commit a reader has seen. */
export interface Book {
  readonly version: number;
  readonly title: string;
  /** When it was read from the database or written there, of CLOCK_MONOTONIC. */
  readonly at: Milliseconds;
}

/** Keys from here on stand on no shelf: nobody but their own writers evicts them. */
export const FIRST_LOOSE_KEY = 1_000;
const SHELVES = 4;

const bookTag = (key: number): string => `book:${key}`;
const shelfTag = (key: number): string => `shelf:${key % SHELVES}`;

/** What a book can be evicted by: a tag of its own, and that of its shelf. */
export const tagsOf = (key: number): string[] => (key < FIRST_LOOSE_KEY ? [bookTag(key), shelfTag(key)] : [bookTag(key)]);

/**
 * The service under test, as a user would write it. Its database is a second Redis server that no fault touches, reached directly: a
 * commit is one INCR, so versions grow by one at each commit whoever commits.
 */
export class BookRepository {
  readonly #database: Redis;
  readonly #pause: () => Promise<void>;
  readonly #keys: number;
  readonly #revised = new Map<number, number>();

  /**
   * @param pause - how long the method itself takes besides reading.
   * @param keys - how many books stand on the shelves.
   */
  constructor(database: Redis, pause: () => Promise<void>, keys: number) {
    this.#database = database;
    this.#pause = pause;
    this.#keys = keys;
  }

  @Cacheable('book', { tags: (_, key) => tagsOf(key) })
  async find(key: number): Promise<Book> {
    const at = monotonicNow();
    const version = Number((await this.#database.get(`book:${key}`)) ?? 0);
    await this.#database.incr(`loads:${key}`);
    await this.#pause(); // After the read: the longer a value is on its way, the more evictions can come between.
    return { version, title: `Book ${key}`, at };
  }

  /** The same for several books, whose entries are those of {@link find}. */
  @CacheableAll('book', { tags: (_, key) => tagsOf(key) })
  async findAll(keys: readonly number[]): Promise<ReadonlyMap<number, Book>> {
    const at = monotonicNow();
    const versions = await this.#database.mget(keys.map((key) => `book:${key}`));
    await Promise.all(keys.map((key) => this.#database.incr(`loads:${key}`)));
    await this.#pause();
    return new Map(keys.map((key, i) => [key, { version: Number(versions[i] ?? 0), title: `Book ${key}`, at }]));
  }

  /** Commits a new version and caches it. Of two writers of one key the later might cache first, so each key must have but one. */
  @CachePut('book', { tags: (_, key) => tagsOf(key) })
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
  publish(key: number): Promise<readonly Committed[]> {
    return this.#commit(key);
  }

  /** The same, and resolves once no instance serves an older one. */
  @CacheEvict('book', { acks: 'all' })
  publishEverywhere(key: number): Promise<readonly Committed[]> {
    return this.#commit(key);
  }

  /** Commits a new version, then evicts by the tag of the book. */
  @CacheEvict('book', { tags: (key) => [bookTag(key)] })
  publishTagged(key: number): Promise<readonly Committed[]> {
    return this.#commit(key);
  }

  /** The same, and resolves once no instance serves an older one. */
  @CacheEvict('book', { tags: (key) => [bookTag(key)], acks: 'all' })
  publishTaggedEverywhere(key: number): Promise<readonly Committed[]> {
    return this.#commit(key);
  }

  /** Commits a new version of one, then evicts its shelf. Returns what of the shelf was committed by then. */
  @CacheEvict('book', { tags: (key) => [shelfTag(key)] })
  publishShelf(key: number): Promise<readonly Committed[]> {
    return this.#commitOnShelf(key);
  }

  /** The same, and resolves once no instance serves an older one. */
  @CacheEvict('book', { resultTags: ([first]) => [shelfTag((first as Committed).key)], acks: 'all' })
  publishShelfEverywhere(key: number): Promise<readonly Committed[]> {
    return this.#commitOnShelf(key);
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
  publishCatalogue(key: number): Promise<readonly Committed[]> {
    return this.#commit(key);
  }

  /** The same, and resolves once no instance serves an older one. */
  @CacheEvict('book', { allEntries: true, acks: 'all' })
  publishCatalogueEverywhere(key: number): Promise<readonly Committed[]> {
    return this.#commit(key);
  }

  async #commit(key: number): Promise<readonly Committed[]> {
    return [{ key, version: await this.#database.incr(`book:${key}`) }];
  }

  async #commitOnShelf(key: number): Promise<readonly Committed[]> {
    const committed = await this.#commit(key);
    const others = Array.from({ length: this.#keys }, (_, other) => other).filter(
      (other) => other !== key && shelfTag(other) === shelfTag(key),
    );
    const versions = await this.#database.mget(others.map((other) => `book:${other}`));
    return [...committed, ...others.map((other, i) => ({ key: other, version: Number(versions[i] ?? 0) }))];
  }
}
