// compiles
import type { Cache, LoadContext } from '../../../lib/index.js';

/** Loaders may look at what they are told, or not. */
export const load = async (cache: Cache, books: (signal: AbortSignal) => Promise<string>): Promise<readonly string[]> => [
  await cache.getOrLoad('Dune', () => 'Dune'),
  await cache.getOrLoad('Dune', async () => 'Dune', { staleIfError: '5m', refreshAfter: 0, loadTimeout: 500 }),
  await cache.getOrLoad('Dune', ({ signal }) => books(signal)),
  await cache.getOrLoad<string>('Dune', (context: LoadContext) => books(context.signal), { staleIfError: { for: '5m' } }),
];
