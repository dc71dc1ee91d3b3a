// compiles
import { Cacheable, CacheConfig, CacheEvict, CachePut, Caching } from '../../../lib/index.js';

/** What the specs run after compiling it with standard decorators: written the same for both kinds. */
@CacheConfig({ cacheNames: 'book' })
export class Books {
  runs: string[] = [];
  #shelf = 'A3';

  @Cacheable({ key: (name) => name.toLowerCase(), unless: (found) => found === '' })
  async find(name: string, ..._rest: readonly string[]): Promise<string> {
    this.runs.push(name);
    return name === '' ? '' : `${this.#shelf}/${name}`;
  }

  @CachePut({ resultKey: (saved) => saved.id })
  async save(book: { id: string }): Promise<{ id: string }> {
    return book;
  }

  @CacheEvict({ key: (name) => name.toLowerCase() })
  @CacheEvict('list', { allEntries: true })
  protected async forget(_name: string): Promise<void> {}

  remove(name: string): Promise<void> {
    return this.forget(name);
  }

  @Caching({ cacheable: { cacheNames: 'a' }, put: [{ cacheNames: 'b' }] })
  async generic<T extends string>(value: T): Promise<T> {
    return value;
  }
}

/** Without @CacheConfig. */
export class Films {
  runs = 0;

  @Cacheable('film')
  async find(name: string): Promise<string> {
    this.runs += 1;
    return name;
  }
}
