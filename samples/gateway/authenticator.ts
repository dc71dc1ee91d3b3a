import { inject, injectable } from 'inversify';
import { isKeyShaped } from './api-key.js';
import { ApiKeyService } from './api-key-service.js';
import { type Consumer, revocation } from './consumer.js';
import { type Credential, fingerprintOf } from './credential.js';
import { RateLimits } from './rate-limits.js';
import { Refusal, unauthorized } from './refusal.js';
import { TokenService } from './token-service.js';

/** Says who a credential belongs to. Asked at every request and at every message: it is the caches behind it that make this cheap. */
@injectable()
export class Authenticator {
  readonly #keys: ApiKeyService;
  readonly #tokens: TokenService;
  readonly #limits: RateLimits;

  constructor(
    @inject(ApiKeyService) keys: ApiKeyService,
    @inject(TokenService) tokens: TokenService,
    @inject(RateLimits) limits: RateLimits,
  ) {
    this.#keys = keys;
    this.#tokens = tokens;
    this.#limits = limits;
  }

  /**
   * Lets somebody in who comes from `address`.
   *
   * @param show - reads the credential.
   * @throws {Refusal} as {@link authenticate}; 429 when too many from there were not accepted.
   */
  async admit(address: string, show: () => Credential): Promise<Consumer> {
    await this.#limits.admit(address);
    try {
      return await this.authenticate(show());
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) await this.#limits.noteFailure(address);
      throw error;
    }
  }

  /** @throws {Refusal} 401 for a credential that is not accepted; 503 when that cannot be told. */
  authenticate({ kind, text }: Credential): Promise<Consumer> {
    return kind === 'key' ? this.#ofKey(text) : this.#ofToken(text);
  }

  async #ofKey(text: string): Promise<Consumer> {
    const fingerprint = fingerprintOf(text);
    const key = isKeyShaped(text) ? await this.#keys.find(fingerprint) : undefined;
    if (key === undefined) throw unauthorized('invalid_key', 'This API key is unknown or revoked.');
    return { kind: 'key', ...key, revokedBy: revocation('api-keys', fingerprint) };
  }

  async #ofToken(text: string): Promise<Consumer> {
    const { id, subject } = await this.#tokens.accept(text);
    return { kind: 'token', id: subject, owner: subject, plan: 'standard', isAdmin: false, revokedBy: revocation('token-revocations', id) };
  }
}
