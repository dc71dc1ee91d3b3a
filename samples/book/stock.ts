import type { CachingOptions } from '../../lib/index.js';
import { Book } from './book.js';
import { createBookContainer } from './book-container.js';
import { BookService } from './book-service.js';
import type { Database } from './database.js';

/** What the shop begins with. */
export const STOCK: readonly Book[] = [
  new Book('Dune', 'Frank Herbert', 9.99),
  new Book('Dune Messiah', 'Frank Herbert', 8.75),
  new Book('Emma', 'Jane Austen', 7.5),
  new Book('Kim', 'Rudyard Kipling', 6.25),
  new Book('Ulysses', 'James Joyce', 12.8),
];

/**
 * Fills the database, and empties the cache: on a Redis that is used again it may still know the books of the last run. An instance of its own
 * does it and leaves.
 */
export async function fillStock(database: Database, redis: CachingOptions['redis']): Promise<void> {
  const container = await createBookContainer(database, redis, `stock-${process.pid}`);
  try {
    await container.get(BookService).replaceBooks(STOCK);
  } finally {
    await container.unbindAllAsync();
  }
}
