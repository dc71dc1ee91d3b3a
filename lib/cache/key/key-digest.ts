import { createHash } from 'node:crypto';

/** What the encoded form of a digest begins with. No other encoded key does. */
const PREFIX = '~#';
/** SHA-256 in base64url, without padding. */
const DIGEST = /^~#[A-Za-z0-9_-]{43}$/;

/**
 * The key that a digest stands for. The key itself cannot be had back from it. So people who see `~#…` in a
 * log can evict by it.
 */
export class KeyDigest {
  /** `~#` and the digest. */
  readonly encoded: string;

  /** @param encoded - for which {@link isDigest} is true. */
  constructor(encoded: string) {
    this.encoded = encoded;
  }
}

/** Whether `text` is the encoded form of a digest. */
export const isDigest = (text: string): boolean => DIGEST.test(text);

/** The form in which a long key is used: `~#` and the SHA-256 of its encoded form, 45 characters. */
export const digestOf = (encoded: string): string => PREFIX + createHash('sha256').update(encoded).digest('base64url');
