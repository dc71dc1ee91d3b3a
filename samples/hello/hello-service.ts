import { inject, injectable } from 'inversify';
import { Cacheable, CacheEvict } from '../../lib/index.js';
import { noteDatabaseRead } from '../support/request-trace.js';

/** Stands for the database that both servers use. */
export class GreetingStore {
  text = 'Hello, world';
}

/** One value that is read all the time and changed now and then. All the caching there is to be written is in here. */
@injectable()
export class HelloService {
  readonly #store: GreetingStore;

  constructor(@inject(GreetingStore) store: GreetingStore) {
    this.#store = store;
  }

  @Cacheable('hello', { key: () => 'hello' })
  async greet(): Promise<string> {
    noteDatabaseRead();
    return this.#store.text;
  }

  /** With `acks: 'all'` no server greets with the old text once this has resolved. */
  @CacheEvict('hello', { key: () => 'hello', acks: 'all' })
  async change(text: string): Promise<void> {
    this.#store.text = text;
  }
}
