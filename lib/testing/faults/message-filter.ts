import { firstTexts, RespFrames } from './resp-frames.js';

/** Which messages are to be lost. */
export interface MessageDrops {
  /** Whether any are. */
  readonly isPending: boolean;
  /** Whether this one is, which is then counted. */
  take(channel: string): boolean;
}

/** `>3`, `$7`, `message` and so on: in RESP 2 it is an array, in RESP 3 a push. */
const MESSAGE = /^([*>])[34]\r\n\$\d+\r\n(p?message|smessage)\r\n/;
/** As long as what {@link MESSAGE} matches can be. */
const HEAD_LENGTH = 32;

/**
 * Takes messages out of what a server sends. While none are to be lost, it passes on what comes as it
 * comes. Otherwise it holds the beginning of a frame back until its end has come.
 */
export class MessageFilter {
  readonly #drops: MessageDrops;
  readonly #isSubscriber: () => boolean;
  readonly #frames = new RespFrames();
  readonly #held: Buffer[] = [];
  /** Whether the beginning of the present frame was passed on. */
  #isPassing = false;

  /**
   * @param isSubscriber - whether an array that begins with `message` is one. It may be the reply to a
   *   command.
   */
  constructor(drops: MessageDrops, isSubscriber: () => boolean) {
    this.#drops = drops;
    this.#isSubscriber = isSubscriber;
  }

  /** What of `chunk`, and of what was held back, is to be passed on. */
  pass(chunk: Buffer): readonly Buffer[] {
    const passed: Buffer[] = [];
    for (const { bytes, isEnd } of this.#frames.split(chunk)) {
      if (this.#isPassing || !(this.#drops.isPending || this.#held.length > 0)) {
        this.#isPassing = !isEnd && this.#frames.isReadable;
        passed.push(bytes);
        continue;
      }
      this.#held.push(bytes);
      if (!isEnd && this.#frames.isReadable) continue;
      const frame = Buffer.concat(this.#held.splice(0));
      const channel = isEnd ? this.#channelOf(frame) : undefined;
      if (channel === undefined || !this.#drops.take(channel)) passed.push(frame);
    }
    return passed;
  }

  /** Where the message was published. `undefined`: it is no message. */
  #channelOf(frame: Buffer): string | undefined {
    const [, form, kind] = MESSAGE.exec(frame.toString('latin1', 0, HEAD_LENGTH)) ?? [];
    if (kind === undefined || (form === '*' && !this.#isSubscriber())) return undefined;
    return firstTexts(frame, 3)[kind === 'pmessage' ? 2 : 1];
  }
}
