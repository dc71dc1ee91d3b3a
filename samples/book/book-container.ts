import 'reflect-metadata';
import { Container } from 'inversify';
import { type CachingOptions, enableCaching } from '../../lib/index.js';
import { Book, BookList } from './book.js';
import { BookRepository } from './book-repository.js';
import { BookService } from './book-service.js';
import { Database } from './database.js';

/** How long an entry lives: for no longer does any server serve an old book, should Redis lose the eviction and its server die as well. */
export const LIFE_MINUTES = 10;

/**
 * One instance of the application: its services, its caches and its listener on `book-channel`. `await container.unbindAllAsync()` ends it;
 * the database stays open.
 *
 * @param redis - `undefined`: embedded. The tier behind the instances, and the topic, live in this process then.
 */
export async function createBookContainer(database: Database, redis: CachingOptions['redis'], instanceId: string): Promise<Container> {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(Database).toConstantValue(database);
  container.bind(BookRepository).toSelf();
  container.bind(BookService).toSelf();
  await enableCaching(container, {
    redis,
    instanceId,
    connectTimeout: '20s', // Four servers start at once: on a busy machine the first connection may take a while.
    intentLease: '2s', // So long a book stays uncached when the server that saves it dies. Short: the story waits for its end.
    logger: false, // The sample tells of Redis itself.
    caches: {
      book: { type: Book, tags: true, ttl: `${LIFE_MINUTES}m` },
      booksByAuthor: { type: BookList, tags: true, ttl: `${LIFE_MINUTES}m` },
    },
  });
  return container;
}
