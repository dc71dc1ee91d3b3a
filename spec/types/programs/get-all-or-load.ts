// compiles
import type { Cache } from '../../../lib/index.js';

/** Fails to compile unless both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_is: Same<A, B>): void => undefined;

interface Book {
  readonly isbn: string;
}

/** Keys and values are inferred from the keys and from the loader. */
export async function read(cache: Cache<Book>, isbns: readonly string[], ids: (number | bigint)[]): Promise<void> {
  const books = await cache.getAllOrLoad(isbns, async (missing, { signal }) => {
    same<typeof missing, readonly string[]>(true);
    same<typeof signal, AbortSignal>(true);
    return new Map(missing.map((isbn) => [isbn, { isbn }]));
  });
  same<typeof books, Map<string, { isbn: string }>>(true);

  const counts = await cache.getAllOrLoad(ids, (missing) => missing.map((id) => (id === 0 ? undefined : Number(id))), {
    ttl: (value, key) => {
      same<typeof key, number | bigint>(true);
      return value.toFixed().length;
    },
    unless: (value, key) => value === Number(key),
    tags: (_value, key) => [key],
    absent: 'null',
    maximumBatch: 10,
    onError: (verb, _error, key) => {
      same<typeof verb, 'get' | 'put'>(true);
      same<typeof key, number | bigint>(true);
    },
  });
  same<typeof counts, Map<number | bigint, number>>(true);

  const pairs = await cache.getAllOrLoad([['a', 1] as const], () => new Map<readonly ['a', 1], Date>());
  same<typeof pairs, Map<readonly ['a', 1], Date>>(true);

  // @ts-expect-error -- the keys are an array
  await cache.getAllOrLoad('a', () => []);
  // @ts-expect-error -- neither a map nor an array
  await cache.getAllOrLoad(isbns, () => ({ a: 1 }));
  // @ts-expect-error -- the keys of the map are no keys of the call
  await cache.getAllOrLoad(isbns, () => new Map([[1, 1]]));
  // @ts-expect-error -- neither of them
  await cache.getAllOrLoad(isbns, () => [], { absent: 'nothing' });
}
