import { Credentials, isError, printable, RemoteCacheError, withoutCredentials } from '../errors/index.js';
import { type Milliseconds, withDeadline } from '../time/index.js';
import { nameOfType } from './refusals.js';

/** What a user plugs in for credentials that expire. */
export type CredentialsProvider = () => Promise<{ readonly username?: string | undefined; readonly password: string }>;

/** The option `credentials` gave no credentials. The attempt to connect has failed with it. */
export class CredentialsError extends RemoteCacheError {
  /** Says what it did instead. */
  readonly reason: string;

  constructor(reason: string, cause?: unknown) {
    super('CACHE_REMOTE_CONNECT_FAILED', `No credentials: ${reason}.`, {
      hint: 'Check the function that you gave as the option `credentials`.',
      ...(cause === undefined ? {} : { cause }),
    });
    this.reason = reason;
  }
}

/** An ask that is under way. It is given up by a rejection. */
type GiveUp = (error: CredentialsError) => void;

/**
 * The option `credentials` of an instance: a function that is asked for a user and a password before each
 * connection, because they expire. Each ask has a deadline. What was answered is shown in no message.
 */
export class AskedCredentials {
  readonly #provider: CredentialsProvider;
  readonly #timeoutMs: Milliseconds;
  /** Learns every answer: the provider may quote an earlier one when it rejects. */
  readonly #secrets = new Credentials();
  readonly #underWay = new Set<GiveUp>();
  #isClosed = false;

  /** @param timeoutMs - how long one answer may take. */
  constructor(provider: CredentialsProvider, timeoutMs: Milliseconds) {
    this.#provider = provider;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks for the credentials of one connection.
   *
   * @throws {CredentialsError} when the provider rejects, answers something else, or is late.
   */
  async ask(): Promise<{ readonly username?: string | undefined; readonly password: string }> {
    let giveUp: GiveUp = () => undefined;
    const givenUp = new Promise<never>((_, reject) => (giveUp = reject));
    this.#underWay.add(giveUp);
    try {
      if (this.#isClosed) throw stopped();
      const answer = await withDeadline(Promise.race([this.#answer(), givenUp]), this.#timeoutMs, () => this.#late());
      const login = checked(answer);
      this.#secrets.learn(login);
      return login;
    } finally {
      this.#underWay.delete(giveUp);
    }
  }

  /** The error that an ask under way would end with; `undefined` while there is none. */
  get unanswered(): CredentialsError | undefined {
    return this.#underWay.size > 0 ? this.#late() : undefined;
  }

  /** Gives up what is under way, and whatever is asked later. Idempotent; never throws. */
  close(): void {
    this.#isClosed = true;
    for (const giveUp of this.#underWay) giveUp(stopped());
  }

  async #answer(): Promise<unknown> {
    const provider = this.#provider;
    try {
      return await provider();
    } catch (raw) {
      const error = this.#secrets.clean(raw);
      const said = isError(error) ? error.message : error;
      const words = typeof said === 'string' && said !== '' ? ` (${printable(withoutCredentials(said)).replace(/\.$/, '')})` : '';
      throw new CredentialsError(`\`credentials\` rejected${words}`, error);
    }
  }

  #late(): CredentialsError {
    return new CredentialsError(`\`credentials\` gave no answer within ${this.#timeoutMs} ms`);
  }
}

const stopped = (): CredentialsError => new CredentialsError('the instance was stopped');

function checked(answer: unknown): { readonly username?: string | undefined; readonly password: string } {
  const wanted = 'expected `credentials` to resolve with `{ username?: string, password: string }`';
  if (typeof answer !== 'object' || answer === null) throw new CredentialsError(`${wanted}, got ${nameOfType(answer)}`);
  const { username, password } = answer as { readonly username?: unknown; readonly password?: unknown };
  if (typeof password !== 'string') throw new CredentialsError(`${wanted}, got a password that is ${nameOfType(password)}`);
  if (password === '') throw new CredentialsError(`${wanted}, got an empty password`);
  if (username !== undefined && username !== null && typeof username !== 'string')
    throw new CredentialsError(`${wanted}, got a username that is ${nameOfType(username)}`);
  return { ...(username ? { username } : {}), password };
}
