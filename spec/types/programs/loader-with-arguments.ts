// (4,80) TS2345: Argument of type '(title: string) => string' is not assignable to parameter of type 'Loader<string>'.
import type { Cache } from '../../../lib/index.js';

export const load = (cache: Cache): Promise<string> => cache.getOrLoad('Dune', (title: string) => title);
