// compiles
import { Cacheable, CacheEvict } from '../../../lib/index.js';

export class Books {
  @Cacheable('book', { tags: (book, name) => [`author:${book.author.toFixed()}`, name.trim()] })
  @CacheEvict(['list', 'book'], { tags: (name) => [name.trim()] })
  @CacheEvict('list', { resultTags: (book) => [book.author.toFixed()], acks: 'all' })
  async find(name: string): Promise<{ readonly author: number }> {
    return { author: name.length };
  }
}
