// (5,51) TS2339: Property 'id' does not exist on type '{ isbn: string; }'.
import { CachePut } from '../../../lib/index.js';

export class Books {
  @CachePut('book', { resultKey: (saved) => saved.id })
  async save(isbn: string): Promise<{ isbn: string }> {
    return { isbn };
  }
}
