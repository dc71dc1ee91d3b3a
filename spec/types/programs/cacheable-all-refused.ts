// compiles
import { CacheableAll } from '../../../lib/index.js';

/** What must not compile: an error that is missing is an error. */
export class Refused {
  // @ts-expect-error -- a string is no array of ids
  @CacheableAll('book')
  async string(_ids: string): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- an iterable is no array
  @CacheableAll('book')
  async iterable(_ids: Iterable<string>): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- a set is no array
  @CacheableAll('book')
  async set(_ids: ReadonlySet<string>): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- the ids may be left out
  @CacheableAll('book')
  async optional(_ids?: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- each id is an argument
  @CacheableAll('book')
  async rest(..._ids: string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- there are no ids
  @CacheableAll('book')
  async none(): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- the ids come second
  @CacheableAll('book')
  async second(_shelf: string, _ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- not a promise
  @CacheableAll('book')
  synchronous(_ids: readonly string[]): Map<string, number> {
    return new Map();
  }

  // @ts-expect-error -- a record is no map
  @CacheableAll('book')
  async record(_ids: readonly string[]): Promise<Record<string, number>> {
    return {};
  }

  // @ts-expect-error -- nothing tells which element is of which id
  @CacheableAll('book')
  async setOfElements(_ids: readonly string[]): Promise<Set<number>> {
    return new Set();
  }

  // @ts-expect-error -- nothing tells which element is of which id
  @CacheableAll('book')
  async element(_ids: readonly string[]): Promise<number> {
    return 1;
  }

  // @ts-expect-error -- the keys of the map are no ids
  @CacheableAll('book')
  async otherKeys(_ids: readonly string[]): Promise<Map<number, number>> {
    return new Map();
  }

  // @ts-expect-error -- the keys of the map are no ids, or one of them is none
  @CacheableAll('book')
  async someOtherKeys(_ids: readonly (string | number)[]): Promise<Map<string | bigint, number>> {
    return new Map();
  }

  // @ts-expect-error -- a map or nothing
  @CacheableAll('book')
  async maybe(_ids: readonly string[]): Promise<Map<string, number> | undefined> {
    return undefined;
  }

  // @ts-expect-error -- a map or an array
  @CacheableAll('book')
  async either(_ids: readonly string[]): Promise<Map<string, number> | number[]> {
    return [];
  }

  // @ts-expect-error -- an array needs `result: 'array'`
  @CacheableAll('book')
  async arrayByName(_ids: readonly string[]): Promise<number[]> {
    return [];
  }

  // @ts-expect-error -- an array needs `result: 'array'`
  @CacheableAll(['book', 'list'])
  async arrayByNames(_ids: readonly string[]): Promise<number[]> {
    return [];
  }

  // @ts-expect-error -- an array needs `result: 'array'`
  @CacheableAll({ cacheNames: 'book' })
  async arrayByOptions(_ids: readonly string[]): Promise<readonly number[]> {
    return [];
  }

  // @ts-expect-error -- an array needs `result: 'array'`
  @CacheableAll('book', { maximumBatch: 10 })
  async arrayBySettings(_ids: readonly string[]): Promise<number[]> {
    return [];
  }

  // @ts-expect-error -- an array needs `result: 'array'`
  @CacheableAll()
  async arrayByNothing(_ids: readonly string[]): Promise<number[]> {
    return [];
  }

  // @ts-expect-error -- an array is no map
  @CacheableAll('book', { result: 'map' })
  async arrayAsMap(_ids: readonly string[]): Promise<number[]> {
    return [];
  }

  // @ts-expect-error -- a map is no array
  @CacheableAll('book', { result: 'array' })
  async mapAsArray(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- the id is a string
  @CacheableAll('book', { key: (id: number) => id })
  async idOfKey(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- the ids, not one of them
  @CacheableAll('book', { condition: (id: string) => id !== '' })
  async idOfCondition(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- the element, not all of them
  @CacheableAll('book', { unless: (elements: Map<string, number>) => elements.size === 0 })
  async elementsOfUnless(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- an element has no such property
  @CacheableAll('book', { tags: (element) => [element.author] })
  async elementOfTags(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- there is no third argument
  @CacheableAll('book', { ttl: (_element, _id, other) => other })
  async othersOfTtl(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- loads are shared without it
  @CacheableAll('book', { sync: true })
  async sync(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- null or undefined
  @CacheableAll('book', { absent: null })
  async absent(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- an element is never null
  @CacheableAll('book', { absent: 'null' })
  async absentAsNull(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- two sources of one key
  @CacheableAll('book', { key: (id) => id, keyGenerator: 'keys' })
  async twoKeys(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- two sources of one key
  @CacheableAll({ key: (id) => id, keyGenerator: 'keys' })
  async twoKeysOfOptions(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- two sources of caches
  @CacheableAll('book', { cacheManager: 'manager', cacheResolver: 'resolver' })
  async twoSources(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- no name
  @CacheableAll([])
  async noName(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- names twice
  @CacheableAll('book', { cacheNames: 'isbn' })
  async namesTwice(_ids: readonly string[]): Promise<Map<string, number>> {
    return new Map();
  }

  // @ts-expect-error -- not a method
  @CacheableAll('book')
  property = (_ids: readonly string[]): Promise<Map<string, number>> => Promise.resolve(new Map<string, number>());
}

// @ts-expect-error -- it is meant for one method
@CacheableAll('book')
export class Whole {}
