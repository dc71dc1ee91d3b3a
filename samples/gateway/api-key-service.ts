import { inject, injectable } from 'inversify';
import { Cacheable, CacheEvict } from '../../lib/index.js';
import { type ApiKey, generateKey } from './api-key.js';
import { CredentialStore } from './credential-store.js';
import { fingerprintOf } from './credential.js';
import { Refusal } from './refusal.js';

/** The API keys. Nothing in here knows of Redis or of other gateways: the decorators do. */
@injectable()
export class ApiKeyService {
  readonly #store: CredentialStore;

  constructor(@inject(CredentialStore) store: CredentialStore) {
    this.#store = store;
  }

  /**
   * The key with this fingerprint; `undefined` where there is none, or it is revoked. That answer is not cached: there is no end of wrong keys, which
   * would drive the right ones out, and a key must be accepted as soon as it is created. What wrong keys cost is limited by address.
   */
  @Cacheable('api-keys', { unless: (key) => key === undefined })
  find(fingerprint: string): Promise<ApiKey | undefined> {
    return this.#store.findKey(fingerprint);
  }

  /** Makes a key and returns it, this once. Nobody can have cached a key that there was not: nothing to evict. */
  async create(options: Omit<ApiKey, 'id'>): Promise<{ readonly id: string; readonly text: string }> {
    const { id, text } = generateKey();
    await this.#store.addKey({ id, ...options }, fingerprintOf(text));
    return { id, text };
  }

  /**
   * Revokes the key. With `acks: 'all'`, once this resolves no gateway accepts it any more.
   *
   * @returns the fingerprint of the key.
   * @throws {Refusal} 404 where there is none of this id.
   * @throws {CacheEvictError} when Redis does not acknowledge: the key is revoked, but other gateways may accept it for a while.
   */
  @CacheEvict('api-keys', { resultKey: (fingerprint) => fingerprint, acks: 'all' })
  async revoke(id: string): Promise<string> {
    const fingerprint = await this.#store.revokeKey(id);
    if (fingerprint === undefined) throw new Refusal(404, 'unknown_key', 'There is no key of this id.');
    return fingerprint;
  }
}
