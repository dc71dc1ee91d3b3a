import { createHash, timingSafeEqual } from 'node:crypto';

/** The variable of the environment that holds the token. */
export const TOKEN_VARIABLE = 'SETTINGS_ADMIN_TOKEN';

/** What an administrator shows. It is compared in a time that tells nothing of it. */
export class AdminToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  /** @param header - `Authorization` as it was sent. */
  isIn(header: string | undefined): boolean {
    const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
    return token !== undefined && timingSafeEqual(this.#digest, digestOf(token));
  }
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
