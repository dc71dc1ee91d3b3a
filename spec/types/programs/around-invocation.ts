// compiles
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { aroundInvocation: true, keys: (name) => [name], acks: 'all' })
  async find(name: string): Promise<string> {
    return name;
  }
}
