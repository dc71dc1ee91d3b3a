import type { MessageDrops } from './message-filter.js';

interface Wish {
  left: number;
  readonly channel: string | undefined;
}

/** Which of the next messages are to be lost, and how many were. */
export class DroppedMessages implements MessageDrops {
  /** How many messages were lost. */
  count = 0;
  #wishes: Wish[] = [];

  get isPending(): boolean {
    return this.#wishes.length > 0;
  }

  /** @param channel - where they are published. `undefined`: anywhere. */
  add(left: number, channel: string | undefined): void {
    if (left > 0) this.#wishes.push({ left, channel });
  }

  /** No more are lost. */
  clear(): void {
    this.#wishes = [];
  }

  take(channel: string): boolean {
    const wish = this.#wishes.find((each) => each.channel === undefined || each.channel === channel);
    if (wish === undefined) return false;
    this.count += 1;
    wish.left -= 1;
    if (wish.left === 0) this.#wishes = this.#wishes.filter((each) => each !== wish);
    return true;
  }
}
