// (5,49) TS2322: Type '"resolver"' is not assignable to type 'NotTogetherWith.cacheManager'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { cacheManager: 'manager', cacheResolver: 'resolver' })
  async find(name: string): Promise<string> {
    return name;
  }
}
