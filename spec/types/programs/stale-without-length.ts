// (5,24) TS2322: Type '{ retryAfter: "1s"; }' is not assignable to type 'Duration | StaleIfError | undefined'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { staleIfError: { retryAfter: '1s' } })
  async find(name: string): Promise<string> {
    return name;
  }
}
