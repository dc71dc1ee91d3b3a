import { type CommandConnection, Script } from '../redis/index.js';
import { CacheConfigurationError, RemoteCacheError } from '../errors/index.js';
import { bucketsKey } from './remote-keys.js';

/**
 * KEYS number of buckets · ARGV what the caller takes it for. A value that cannot be such a number was
 * written by another program, and is replaced.
 */
const AGREE = new Script(
  'agree',
  `
local agreed = redis.pcall('GET', KEYS[1])
if type(agreed) == 'string' and string.match(agreed, '^[1-9]%d?$') and tonumber(agreed) <= 64 then return agreed end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]`,
);

/**
 * Makes sure that all instances of a namespace spread their keys over the same number of buckets. The first
 * instance writes its number down, and instances with another number are refused. They would not hear of each
 * other's evictions.
 */
export class BucketAgreement {
  readonly #namespace: string;
  readonly #connection: CommandConnection;
  readonly #key: string;
  readonly #count: number;
  #isReached = false;
  #refusal: CacheConfigurationError | undefined;
  readonly #whenRefused: ((refusal: CacheConfigurationError) => void)[] = [];

  /** @param firstBucket - the namespace of the first bucket, to whose primary `connection` leads. */
  constructor(namespace: string, connection: CommandConnection, firstBucket: string, count: number) {
    this.#namespace = namespace;
    this.#connection = connection;
    this.#key = bucketsKey(firstBucket);
    this.#count = count;
  }

  /**
   * Asks the server. To be done again and again: the server may have lost the number, and another program may
   * have changed it.
   *
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when others have another number.
   */
  async confirm(): Promise<void> {
    const agreed = await this.#connection.runUnguarded<string>(AGREE, [this.#key], [String(this.#count)]);
    this.#isReached = Number(agreed) === this.#count;
    this.#refusal = this.#isReached ? undefined : this.#disagreement(agreed);
    if (this.#refusal === undefined) return;
    for (const tell of this.#whenRefused.splice(0)) tell(this.#refusal);
    throw this.#refusal;
  }

  /**
   * Returns if the last {@link confirm} that was answered succeeded.
   *
   * @throws {CacheConfigurationError} as that did; {RemoteCacheError} `CACHE_REMOTE_UNAVAILABLE` if none was
   *   answered yet.
   */
  check(): void {
    if (this.#isReached) return;
    throw (
      this.#refusal ??
      new RemoteCacheError('CACHE_REMOTE_UNAVAILABLE', `How many buckets namespace '${this.#namespace}' has could not be asked yet.`)
    );
  }

  /** Rejects when others have another number. Otherwise it never settles. */
  refused(): Promise<never> {
    return new Promise((_resolve, reject) => this.#whenRefused.push(reject));
  }

  #disagreement(agreed: string): CacheConfigurationError {
    return new CacheConfigurationError(
      'CACHE_OPTION_INVALID',
      `Expected \`buckets\` to be ${agreed}, as other instances of namespace '${this.#namespace}' have it, got \`${this.#count}\`.`,
      { hint: `To change it for good, stop every instance of the namespace, delete the key '${this.#key}', and start them again.` },
    );
  }
}
