import { createHash, timingSafeEqual } from 'node:crypto';
import { type ManagementRequest, Refusal } from './answer.js';
import type { ResolvedManagementOptions } from './cache-management-options.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Decides which requests are allowed. */
export class Access {
  readonly #token: Buffer | undefined;
  readonly #origins: readonly string[];

  constructor({ token, origins }: Pick<ResolvedManagementOptions, 'token' | 'origins'>) {
    this.#token = token === undefined ? undefined : digest(token);
    this.#origins = origins;
  }

  /** @throws {Refusal} 403 for a page of another origin, 401 for a missing or wrong token. */
  check(request: ManagementRequest): void {
    if (this.#isForeign(request)) throw new Refusal(403, 'Pages of another origin may not use the management of the cache.');
    if (this.#token === undefined) return;
    const given = /^Bearer +(\S+) *$/i.exec(request.header('authorization') ?? '')?.[1];
    // Digests have the same length, so neither the time nor an error reveals anything about the token.
    if (given !== undefined && timingSafeEqual(digest(given), this.#token)) return;
    const error = given === undefined ? '' : ', error="invalid_token"';
    throw new Refusal(401, 'A bearer token is needed.', { 'www-authenticate': `Bearer realm="inversify-cache"${error}` });
  }

  /**
   * Browsers tell where a request comes from, and pages cannot forge it. Other clients send no such header.
   */
  #isForeign(request: ManagementRequest): boolean {
    const origin = request.header('origin');
    if (origin !== undefined && this.#origins.includes(origin)) return false;
    const site = request.header('sec-fetch-site');
    if (site === 'cross-site' || site === 'same-site') return true;
    if (origin === undefined || site === 'same-origin') return false;
    try {
      return new URL(origin).host !== request.header('host');
    } catch {
      return true; // `null`, from a sandboxed page.
    }
  }
}
