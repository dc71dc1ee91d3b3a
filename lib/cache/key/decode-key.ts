import { CacheKeyError, printableJson, shown } from '../../errors/index.js';
import type { CacheKey } from './cache-key.js';
import { isDigest, KeyDigest } from './key-digest.js';
import { MAXIMUM_KEY_DEPTH, MAXIMUM_WRITTEN_BYTES } from './encode-key.js';

const NUMBER = /-?(?:Infinity|(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|NaN/y;
const BIGINT = /-?\d+n/y;
const DATE = /@(-?\d{1,16})/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex -- as in JSON
const WORD = /null|undefined|true|false/y;
const WORDS: Readonly<Record<string, CacheKey>> = { null: null, undefined, true: true, false: false };

/**
 * Decodes a key; the opposite of `encodeKey`. For keys that people type, or copy from a log or a message.
 * The digest of a long key is taken too: the result can be used as a key wherever the long one can.
 * Also accepts what `encodeKey` would write differently (properties in another order), but no blanks.
 *
 * @throws {CacheKeyError} `CACHE_KEY_UNSUPPORTED` for a string that is not an encoded key.
 */
export function decodeKey(encoded: string): CacheKey {
  if (isDigest(encoded)) return new KeyDigest(encoded);
  if (Buffer.byteLength(encoded) > MAXIMUM_WRITTEN_BYTES) throw unreadable(encoded);
  if (!encoded.startsWith('~')) return encoded;
  const reader = new Reader(encoded);
  const key = reader.read();
  reader.end();
  return key;
}

class Reader {
  readonly #text: string;
  #at = 1;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): CacheKey {
    if (this.#take('[')) return this.#list();
    if (this.#take('{')) return this.#object();
    const string = this.#match(STRING);
    if (string !== undefined) return JSON.parse(string) as string;
    const word = this.#match(WORD);
    if (word !== undefined) return WORDS[word];
    const bigint = this.#match(BIGINT);
    if (bigint !== undefined) return BigInt(bigint.slice(0, -1));
    const date = this.#match(DATE);
    if (date !== undefined) return this.#date(Number(date.slice(1)));
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number);
    throw unreadable(this.#text);
  }

  /** Checks that nothing follows. */
  end(): void {
    if (this.#at < this.#text.length) throw unreadable(this.#text);
  }

  #list(): CacheKey {
    const list: CacheKey[] = [];
    this.#enter();
    if (!this.#take(']')) {
      do list.push(this.read());
      while (this.#take(','));
      this.#expect(']');
    }
    this.#depth -= 1;
    return list;
  }

  #object(): CacheKey {
    const object: Record<string, CacheKey> = {};
    this.#enter();
    if (!this.#take('}')) {
      do {
        const name = this.#match(STRING);
        if (name === undefined) throw unreadable(this.#text);
        this.#expect(':');
        // Not by assignment: `__proto__` is a name like any other.
        Object.defineProperty(object, JSON.parse(name) as string, {
          value: this.read(),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      } while (this.#take(','));
      this.#expect('}');
    }
    this.#depth -= 1;
    return object;
  }

  #date(time: number): Date {
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) throw unreadable(this.#text);
    return date;
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > MAXIMUM_KEY_DEPTH) throw unreadable(this.#text);
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw unreadable(this.#text);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

const unreadable = (text: string): CacheKeyError =>
  // The text may be a URL with a password.
  new CacheKeyError(
    'CACHE_KEY_UNSUPPORTED',
    `${printableJson(text.lastIndexOf('@') > 1 ? shown(text) : text, 100)} is not a key as the cache writes it.`,
    {
      hint: 'A string stands for itself, unless it begins with ~; other keys are written as in ~42, ~true, ~["Dune",2], ~{"a":1}, ~"~odd"; ~# and 43 characters stand for a long one.',
    },
  );
