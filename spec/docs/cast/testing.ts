import { Cacheable } from '../../../lib/index.js';

interface Book {
  readonly name: string;
  readonly price: number;
}

/** The reader's own, with what it reads from handed in. */
export class BookService {
  readonly #repository: { find(name: string): Promise<Book> };

  constructor(repository: { find(name: string): Promise<Book> }) {
    this.#repository = repository;
  }

  @Cacheable('book')
  async find(name: string): Promise<Book> {
    return this.#repository.find(name);
  }
}
