/** A book as the shop knows it. Its name is its key, in the database as in the cache. */
export class Book {
  constructor(
    readonly name: string,
    /** The author's present name. */
    readonly author: string,
    readonly price: number,
    /** How often it was saved; the database counts. `0`: never. */
    readonly version = 0,
    /** The author keeps it under another name; the database gives it. `0`: the book was never saved. */
    readonly authorId = 0,
  ) {}
}

/** The books of one author. */
export class BookList {
  constructor(
    readonly authorId: number,
    /** The author's present name. */
    readonly author: string,
    /** The names of the books, in alphabetical order. */
    readonly names: readonly string[],
  ) {}
}
