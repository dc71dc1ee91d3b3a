// (5,14) TS2345: Argument of type 'never[]' is not assignable to parameter of type 'string | AtLeastOneName | CacheableOptions<(name: string) => Promise<string>> | undefined'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable([])
  async find(name: string): Promise<string> {
    return name;
  }
}
