// (5,38) TS2322: Type '"report"' is not assignable to type 'NotTogetherWith.acks | NotTogetherWith.beforeInvocation | "throw" | undefined'.
import { CacheEvict } from '../../../lib/index.js';

export class Books {
  @CacheEvict('book', { acks: 'all', unacknowledged: 'report' })
  async find(name: string): Promise<string> {
    return name;
  }
}
