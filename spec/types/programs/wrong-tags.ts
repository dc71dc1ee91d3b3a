// (5,46) TS2339: Property 'title' does not exist on type '{ readonly author: number; }'.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { tags: (book) => [book.title] })
  async find(name: string): Promise<{ readonly author: number }> {
    return { author: name.length };
  }
}
