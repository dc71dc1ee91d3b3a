import { inject, injectable } from 'inversify';
import { errors } from 'jose';
import { Cacheable, CacheEvict } from '../../lib/index.js';
import { CredentialStore } from './credential-store.js';
import { fingerprintOf } from './credential.js';
import { Refusal, unauthorized } from './refusal.js';
import { TokenVerifier } from './token-verifier.js';

/** The longest a verdict is kept, in milliseconds. */
const VERDICT_LIFE_MS = 60_000;

/** What a good token says. */
export interface TokenVerdict {
  /** The issuer's name for the token, its claim `jti`. */
  readonly id: string;
  readonly subject: string;
  readonly expiresAtMs: number;
}

/**
 * The tokens. That a token was signed and is good until a certain time never changes: the verdict is cached and never evicted. Whether it
 * was revoked does change: that is cached by itself, by the id that the issuer signed, and evicted. By the token's text it could be had twice:
 * a signature can be spelled in several ways, and each is another text.
 */
@injectable()
export class TokenService {
  readonly #verifier: TokenVerifier;
  readonly #store: CredentialStore;

  constructor(@inject(TokenVerifier) verifier: TokenVerifier, @inject(CredentialStore) store: CredentialStore) {
    this.#verifier = verifier;
    this.#store = store;
  }

  /** @throws {Refusal} 401 for a token that is expired, revoked, forged or not meant for us; 503 when the keys of its issuer cannot be had. */
  async accept(token: string): Promise<TokenVerdict> {
    const verdict = await this.verify(token);
    if (verdict.expiresAtMs <= Date.now()) throw expired(); // From another gateway, whose clock is behind ours.
    if (await this.isRevoked(verdict.id)) throw unauthorized('invalid_token', 'This token is revoked.');
    return verdict;
  }

  /**
   * Looks at signature and claims, or has the verdict from the cache: for as long as the token lives, and at most a minute. `0` would mean
   * "for ever": a token in its last moment is cached for a millisecond.
   *
   * A bad token is a rejection, and rejections are never cached: there is no end of bad tokens, and one that is "not valid yet" becomes good.
   *
   * @throws {Refusal} as {@link accept}.
   */
  @Cacheable('token-verdicts', {
    key: fingerprintOf,
    ttl: ({ expiresAtMs }) => Math.max(1, Math.min(expiresAtMs - Date.now(), VERDICT_LIFE_MS)),
  })
  async verify(token: string): Promise<TokenVerdict> {
    try {
      const { jti, sub, exp } = await this.#verifier.verify(token);
      return { id: jti, subject: sub, expiresAtMs: exp * 1_000 };
    } catch (error) {
      throw refusalFor(error);
    }
  }

  /** Asked about tokens that were verified: there are no more of them than the issuer gave. */
  @Cacheable('token-revocations')
  isRevoked(id: string): Promise<boolean> {
    return this.#store.isTokenRevoked(id);
  }

  /**
   * Revokes a good token before its time. With `acks: 'all'`, once this resolves no gateway accepts it any more.
   *
   * @returns its id.
   * @throws {Refusal} as {@link verify}: what is not accepted anyway cannot be revoked.
   * @throws {CacheEvictError} when Redis does not acknowledge: the token is revoked, but other gateways may accept it for a while.
   */
  @CacheEvict('token-revocations', { resultKey: (id) => id, acks: 'all' })
  async revoke(token: string): Promise<string> {
    const { id, expiresAtMs } = await this.verify(token);
    await this.#store.revokeToken(id, expiresAtMs);
    return id;
  }
}

/** What is wrong with the token, as far as it is the token: never repeats any of it. */
function refusalFor(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return expired();
  if (error instanceof errors.JWTClaimValidationFailed)
    return unauthorized('invalid_token', `This token has a wrong or missing claim '${error.claim}'.`);
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return unauthorized('invalid_token', 'This token was not signed by its issuer.');
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid || error instanceof errors.JOSEAlgNotAllowed)
    return unauthorized('invalid_token', 'This is not a token of ours.');
  return new Refusal(503, 'issuer_unreachable', "Tokens cannot be verified now: their issuer's keys cannot be had.", {
    'retry-after': '5',
  });
}

const expired = (): Refusal => unauthorized('invalid_token', 'This token has expired.');
