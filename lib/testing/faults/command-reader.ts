import { firstTexts, RespFrames } from './resp-frames.js';

/**
 * The two kinds of connections that an instance has: those that send commands, and the one that listens to
 * messages.
 */
export type RedisLink = 'command' | 'subscriber';

/** Each command that a client may send before it shows which of the two it is. */
const GREETINGS = new Set(['AUTH', 'CLIENT', 'HELLO', 'INFO', 'PING', 'READONLY', 'SELECT']);
const SUBSCRIPTIONS = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE']);

/** As much of a command as is looked at: its name, and the name of a connection. */
const HEAD_LENGTH = 1_024;

/** Reads what a client sends: which commands, and of which kind its connection is. */
export class CommandReader {
  /** `undefined`: it has only introduced itself so far. */
  link: RedisLink | undefined;
  readonly #frames = new RespFrames();
  #head: Buffer = Buffer.alloc(0);

  /** @returns the names of the commands that end with `chunk`, in upper case. */
  read(chunk: Buffer): readonly string[] {
    const names: string[] = [];
    for (const { bytes, isEnd } of this.#frames.split(chunk)) {
      this.#head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
      if (this.#head.length > HEAD_LENGTH) this.#head = this.#head.subarray(0, HEAD_LENGTH);
      if (!isEnd) continue;
      const texts = firstTexts(this.#head, 5);
      const name = texts[0]?.toUpperCase() ?? '';
      this.#head = Buffer.alloc(0);
      if (this.link !== 'subscriber') this.link = linkOf(name, texts) ?? this.link;
      names.push(name);
    }
    return names;
  }
}

/** What one command shows. `undefined`: nothing. */
function linkOf(name: string, texts: readonly string[]): RedisLink | undefined {
  if (SUBSCRIPTIONS.has(name)) return 'subscriber';
  if (GREETINGS.has(name)) return linkNamed(texts);
  return 'command';
}

/** The topics' connections name themselves before they do anything else. */
function linkNamed(texts: readonly string[]): RedisLink | undefined {
  const at = texts.findIndex((text) => text.toUpperCase() === 'SETNAME');
  const name = texts[at + 1] ?? '';
  return at < 0 ? undefined : name.endsWith('-subscriber') ? 'subscriber' : name.endsWith('-publisher') ? 'command' : undefined;
}
