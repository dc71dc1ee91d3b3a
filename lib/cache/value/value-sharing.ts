import { CacheValueError } from '../../errors/index.js';
import { UNREADABLE, ValueCodec } from './codec.js';
import { deepFreeze, freezeDecoded } from './deep-freeze.js';

/**
 * What the readers of a cached value share.
 *
 * - `'freeze'`: all readers get the same object, and it is frozen in depth (plain objects, arrays,
 *   instances of `type`), so that a change throws at the line that makes it. The object that a loader
 *   returned is frozen too: its first caller reads it like all later ones.
 * - `'clone'`: each reader gets an object of its own, made by the codec. Values that the codec cannot store
 *   are refused.
 * - `'share'`: all readers get the same object. A reader who changes it changes it for all others.
 */
export type CopyMode = 'share' | 'freeze' | 'clone';

/** What several callers of one load get: each a copy of its own. */
export class Copies {
  readonly #raw: string;
  readonly #codec: ValueCodec;

  constructor(raw: string, codec: ValueCodec) {
    this.#raw = raw;
    this.#codec = codec;
  }

  /** One more copy. */
  make(): unknown {
    return this.#codec.decode(this.#raw).value;
  }
}

/** Hands out the values of one cache, as its {@link CopyMode} says. */
export class ValueSharing {
  /** Readers share the value itself. */
  static readonly PLAIN = new ValueSharing('share', new ValueCodec());

  readonly #mode: CopyMode;
  readonly #codec: ValueCodec;
  readonly #isOwn: (object: object) => boolean;

  /** @param codec - of the cache's `type`, without a largest size. */
  constructor(mode: CopyMode, codec: ValueCodec) {
    this.#mode = mode;
    this.#codec = codec;
    this.#isOwn = (object) => codec.isTyped(object);
  }

  /** A value that the codec has just made, as its readers get it: in mode `'freeze'` it is frozen. */
  handOutDecoded<T>(value: T): T {
    if (this.#mode === 'freeze') freezeDecoded(value, this.#isOwn);
    return value;
  }

  /**
   * A value that was loaded, as its readers get it: in mode `'freeze'` it is frozen.
   *
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` for a proxy that cannot be frozen.
   */
  handOut<T>(value: T): T {
    if (this.#mode !== 'freeze') return value;
    try {
      return deepFreeze(value, this.#isOwn);
    } catch (cause) {
      throw new CacheValueError('CACHE_VALUE_UNSUPPORTED', 'A cache cannot freeze a value.', {
        hint: "A proxy inside it threw, see the cause; with `copy: 'share'` values are left as they are.",
        cause,
      });
    }
  }

  /**
   * A value as it can be kept while its writer goes on using it: in mode `'freeze'` a frozen copy. What the
   * codec cannot copy is kept as it is.
   */
  detach(value: unknown): unknown {
    if (this.#mode !== 'freeze' || typeof value !== 'object' || value === null) return value;
    let raw: string;
    try {
      raw = this.#codec.encode(value);
    } catch {
      return value;
    }
    const copy = this.#codec.read(raw);
    return copy === UNREADABLE ? value : this.handOutDecoded(copy.value);
  }

  /**
   * The copies for callers who share a load, made of the value as it is now. `undefined`: they share the
   * value itself. So do, in mode `'clone'`, callers of a value that cannot be copied, which is not stored
   * either.
   */
  copiesOf(value: unknown): Copies | undefined {
    if (this.#mode !== 'clone' || typeof value !== 'object' || value === null) return undefined;
    try {
      return new Copies(this.#codec.encode(value), this.#codec);
    } catch {
      return undefined;
    }
  }
}
