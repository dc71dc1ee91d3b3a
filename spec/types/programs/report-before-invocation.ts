// (5,49) TS2322: Type '"report"' is not assignable to type 'NotTogetherWith.beforeInvocation | "throw" | undefined'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { beforeInvocation: true, unacknowledged: 'report' })
  async find(name: string): Promise<string> {
    return name;
  }
}
