import { injectable } from 'inversify';
import { createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';

/** What tokens are issued for. */
export const AUDIENCE = 'gateway';

/** The one algorithm of the issuer. What a token says of itself is not to be trusted. */
export const ALGORITHM = 'ES256';

/** How long the issuer may take to tell its keys, in milliseconds. They are kept, and asked for again when a token names a new one. */
const KEYS_WITHIN_MS = 2_000;

/** Checks signature, issuer, audience and time of a token. */
@injectable()
export class TokenVerifier {
  readonly #issuer: string;
  readonly #keys: JWTVerifyGetKey;

  /** @param issuer - its URL, as in the claim `iss`. Its keys are at `/.well-known/jwks.json`. */
  constructor(issuer: string) {
    this.#issuer = issuer;
    this.#keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', issuer), { timeoutDuration: KEYS_WITHIN_MS });
  }

  /** @throws {errors.JOSEError} for a token that does not hold, or any error when the keys cannot be had. */
  async verify(token: string): Promise<{ readonly jti: string; readonly sub: string; readonly exp: number }> {
    const { payload } = await jwtVerify(token, this.#keys, {
      issuer: this.#issuer,
      audience: AUDIENCE,
      algorithms: [ALGORITHM],
      requiredClaims: ['jti', 'sub', 'exp'],
    });
    return { jti: String(payload.jti), sub: String(payload.sub), exp: Number(payload.exp) };
  }
}
