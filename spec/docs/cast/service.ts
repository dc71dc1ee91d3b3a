import { Container } from 'inversify';
import { enableCaching } from '../../../lib/index.js';

/** Entities, as TypeORM and MikroORM know them. */
export class Author {
  constructor(readonly name: string) {}
}

export class Book {
  constructor(
    readonly id: number,
    readonly title: string,
    public price: number,
    readonly author: Author,
  ) {}
}

export const container = new Container();
await enableCaching(container, { namespace: 'library', dynamic: false, caches: { book: {} } });

/** MikroORM's entity manager, reduced to what the page calls. */
export const em = {
  findOneOrFail: async (_entity: typeof Book, id: number): Promise<Book> => new Book(id, 'Dune', 12, new Author('Frank Herbert')),
  flush: async (): Promise<void> => {},
};

/** MikroORM's way to an entity's plain object. */
export const wrap = ({ id, title, price }: Book) => ({ toObject: () => ({ id, title, price }) });
