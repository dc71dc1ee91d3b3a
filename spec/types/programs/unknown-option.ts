// (5,24) TS2353: Object literal may only specify known properties, and 'kye' does not exist in type 'CacheableSettings<(name: string) => Promise<string>>'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { kye: () => 1 })
  async find(name: string): Promise<string> {
    return name;
  }
}
