// (5,4) TS1241: Unable to resolve signature of method decorator when called as an expression.
import { Cacheable } from '../../../lib/index.js';

export class Books {
  @Cacheable('book')
  find(name: string): string {
    return name;
  }
}
