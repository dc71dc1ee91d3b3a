// (5,44) TS2551: Property 'toUpercase' does not exist on type 'string'. Did you mean 'toUpperCase'?
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { key: (name) => name.toUpercase() })
  async find(name: string): Promise<string> {
    return name;
  }
}
