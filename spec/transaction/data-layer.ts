/** A data layer as the specs of transactions use it: one table `book` of names and prices, whose prices may not be negative. */
export interface DataLayer {
  readonly name: string;
  /** Whether the database can be read by others while a transaction is open. */
  readonly isConcurrent: boolean;
  /** Runs `work` as one transaction, as the layer's own documentation has it; nested, as it nests. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** Reads and writes go through the caller's transaction, if there is one. */
  findPrice(name: string): Promise<number | undefined>;
  setPrice(name: string, price: number): Promise<void>;
  close(): Promise<void>;
}

/** Imports a package whose declarations do not pass the compiler where libraries are checked, too. */
export const untyped = (specifier: string): Promise<any> => import(specifier);
