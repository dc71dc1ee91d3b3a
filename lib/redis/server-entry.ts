import { Credentials, type Entry } from '../errors/index.js';
import type { AskedCredentials, CredentialsError } from './asked-credentials.js';

/** With what one connection enters a server. */
export interface Login {
  /** `undefined`: the default user. */
  readonly username?: string | undefined;
  /** `undefined`: none. */
  readonly password?: string | undefined;
}

/**
 * How connections enter a server: with the user and password of the option `redis`, or, if there is an option
 * `credentials`, with what that answers for each connection.
 */
export class ServerEntry {
  /** What messages about the server must not contain. Learns what is answered. */
  readonly secrets: Credentials;
  readonly #fixed: Login;
  readonly #asked: AskedCredentials | undefined;

  /**
   * @param fixed - the user and password of the option `redis`.
   * @param asked - the option `credentials`. What it answers wins; a user that it does not name is that of
   *   `fixed`. Default: there is none.
   */
  constructor({ username, password }: Entry, asked?: AskedCredentials) {
    this.#fixed = { ...(username ? { username } : {}), ...(password ? { password } : {}) };
    this.#asked = asked;
    // A user without a password counts as a password; here he waits for one.
    this.secrets = asked !== undefined && !password ? new Credentials() : new Credentials(this.#fixed);
  }

  /**
   * With what the next connection enters.
   *
   * @throws {CredentialsError} when the option `credentials` gives none.
   */
  async login(): Promise<Login> {
    if (this.#asked === undefined) return this.#fixed;
    const login = { ...this.#fixed, ...(await this.#asked.ask()) };
    this.secrets.learn(login);
    return login;
  }

  /** The error of a wait for the option `credentials`; `undefined` while nothing waits for it. */
  get unanswered(): CredentialsError | undefined {
    return this.#asked?.unanswered;
  }
}
