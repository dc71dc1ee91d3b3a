/** A book as the shop knows it. Its name is its key, in the database as in the cache. */
export class Book {
  constructor(
    readonly name: string,
    readonly author: string,
    readonly price: number,
    /** How often it was saved; the database counts. `0`: never. */
    readonly version = 0,
  ) {}
}
