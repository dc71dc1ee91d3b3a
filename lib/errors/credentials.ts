import { CacheError } from './cache-error.js';

/** Who enters a server. */
export interface Entry {
  readonly username?: string | null | undefined;
  readonly password?: string | null | undefined;
}

/** So many characters in a row are a part of a password; fewer may be there by chance. */
const PART = 4;

/** A server's reply that is longer is cut. */
const MAXIMUM_LENGTH = 500;

/** How deep causes are followed. */
const MAXIMUM_DEPTH = 5;

/** What Redis answers of itself: these texts quote no argument, whatever words a password has in common with them. */
const KNOWN_REPLIES = [
  /^WRONGPASS invalid username-password pair or user is disabled\.?$/,
  /^NOAUTH (?:Authentication required\.?|HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time)$/,
  /^ERR (?:Client sent AUTH, but no password is set|invalid password|AUTH <password> called without any password configured for the default user\. Are you sure your configuration is correct\?)$/,
  /^NOPERM this user has no permissions to run the '[\w| -]{1,40}' command(?: or its subcommand)?$/,
  /^NOPERM this user has no permissions to access one of the (?:keys|channels) used as arguments$/,
  /^NOPERM No permissions to access a (?:key|channel)$/,
  /^NOPROTO (?:unsupported protocol version|sorry, this protocol version is not supported\.?)$/,
  /^LOADING Redis is loading the dataset in memory$/,
  /^MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'\.$/,
  /^READONLY You can't write against a read only replica\.$/,
  /^ERR (?:max number of clients reached|DB index is out of range|invalid DB index|unknown command ['`](?:auth|hello)['`])$/i,
];

/** `NOPERM User app has no permissions to run the 'get' command`: only the name is somebody's. */
const KNOWN_OF_USER = /^NOPERM User (.+) has no permissions to run the '[\w| -]{1,40}' command$/;

/** What clients say of a connection themselves. */
const KNOWN_FAILURES =
  /^(?:Connection timeout|Connection is closed\.?|Socket closed unexpectedly|Socket timeout timeout\. [\w ,']+\d+ms\.|The client is (?:closed|offline)|Disconnects client|Unknown RESP type \d+ ".?")$/;

/** How Redis quotes arguments of a command that it does not know; they are cut anywhere. */
const QUOTED_ARGUMENTS = /,? with args beginning with[^]*$/i;

/**
 * What must never be told about a connection: its password. Whatever a server or a client says passes here before it is thrown, told as
 * an event, or printed. A server may quote a password in its reply, whole or cut anywhere, for example one that does not know AUTH.
 *
 * A user name that stands alone counts as a password: many write `redis://password@host`. So does one that holds a URL.
 */
export class Credentials {
  /** In lower case, as written and percent-encoded and decoded. */
  readonly #secrets: readonly string[];
  /** What the secrets consist of. */
  readonly #parts: ReadonlySet<string>;

  constructor(...entries: readonly Entry[]) {
    const secrets = new Set(entries.flatMap(secretsOf).flatMap(formsOf));
    this.#secrets = [...secrets];
    this.#parts = new Set(this.#secrets.flatMap(partsOf));
  }

  /** Whether `text` holds a secret, or a part of one. */
  isIn(text: string): boolean {
    const lower = text.toLowerCase();
    if (this.#parts.size > 0) {
      for (let i = 0; i + PART <= lower.length; i += 1) if (this.#parts.has(lower.slice(i, i + PART))) return true;
    }
    return this.#secrets.some((secret) => secret.length < PART && holdsWord(lower, secret));
  }

  /**
   * What a server or a client has said, as it may be told. Text that holds a part of a secret is not told at all, but for the code it begins
   * with: a mask in its place would say which word it was.
   *
   * @param isHandshake - the text answers a command that carries the password: only what is known to quote nothing is told then.
   */
  hide(said: string, isHandshake = false): string {
    const text = this.#secrets.length === 0 ? said : said.replace(QUOTED_ARGUMENTS, '');
    if (this.#isTellable(text, isHandshake)) return text.length <= MAXIMUM_LENGTH ? text : `${text.slice(0, MAXIMUM_LENGTH)}…`;
    const code = /^[A-Z]{2,20}(?= )/.exec(text)?.[0];
    return `${code === undefined || this.isIn(code) ? '' : `${code} `}(the rest is not told: it may quote the password)`;
  }

  /**
   * `error` as it may be told: itself if it is harmless, else a copy of what is harmless of it. ioredis notes the command on its errors,
   * with the password among the arguments of AUTH and HELLO.
   *
   * @param isHandshake - as in {@link hide}. ioredis' errors tell it themselves.
   */
  clean(error: unknown, isHandshake = false, depth = 0): unknown {
    if (typeof error === 'string') return this.hide(error, isHandshake);
    if (!(error instanceof Error)) return typeof error === 'object' ? undefined : error;
    if (CacheError.is(error)) return error; // Ours: it was made of what may be told.
    if (depth > MAXIMUM_DEPTH) return undefined;
    const { command, cause, errors } = error as { command?: { readonly name?: unknown }; cause?: unknown; errors?: unknown };
    const name = typeof command?.name === 'string' ? command.name : undefined;
    const answersPassword = (isHandshake && !isOfSystem(error)) || /^(auth|hello)$/i.test(name ?? '');
    const message = this.hide(error.message, answersPassword);
    const cleanCause = cause === undefined ? undefined : this.clean(cause, isHandshake, depth + 1);
    const cleanErrors = Array.isArray(errors) ? errors.map((each: unknown) => this.clean(each, isHandshake, depth + 1)) : undefined;
    const isHarmless =
      message === error.message && cleanCause === cause && cleanErrors?.every((each, i) => each === (errors as unknown[])[i]) !== false;
    if (isHarmless && Object.keys(error).every((key) => HARMLESS.has(key)) && !this.#isInFields(error)) return error;

    const copy = cleanErrors === undefined ? new Error(message) : new AggregateError(cleanErrors, message);
    Object.defineProperty(copy, 'name', { value: error.name, configurable: true, writable: true });
    copy.stack = [`${error.name}: ${message}`, ...(error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line))].join('\n');
    if (cleanCause !== undefined) Object.defineProperty(copy, 'cause', { value: cleanCause, configurable: true, writable: true });
    const { code } = error as { code?: unknown };
    return Object.assign(
      copy,
      typeof code === 'string' && !this.isIn(code) ? { code } : {},
      name === undefined || this.isIn(name) ? {} : { command: { name } },
    );
  }

  #isTellable(text: string, isHandshake: boolean): boolean {
    if (this.#secrets.length === 0 || KNOWN_REPLIES.some((known) => known.test(text)) || KNOWN_FAILURES.test(text)) return true;
    const [, user] = KNOWN_OF_USER.exec(text) ?? [];
    if (user !== undefined) return !this.isIn(user);
    return !isHandshake && !this.isIn(text);
  }

  #isInFields(error: Error): boolean {
    return Object.entries(error).some(([key, value]) => key !== 'command' && typeof value === 'string' && this.isIn(value));
  }
}

/** For where there is no password. */
export const NO_CREDENTIALS = new Credentials();

/** Fields that Node's errors have, and texts. */
const HARMLESS: ReadonlySet<string> = new Set(['code', 'errno', 'syscall', 'address', 'port', 'path', 'hostname', 'host', 'reason']);

/** Node's own errors, of sockets, names and certificates: no server has a say in their words. */
function isOfSystem(error: Error): boolean {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return (
    syscall !== undefined ||
    (typeof code === 'string' && /^(?:E[A-Z]+|ERR_[A-Z_\d]+|[A-Z_]*CERT[A-Z_]*|[A-Z_]*(?:SIGNATURE|ISSUER)[A-Z_]*)$/.test(code))
  );
}

function secretsOf({ username, password }: Entry): readonly string[] {
  const user = username ?? '';
  const isSecret = (password ?? '') === '' ? user !== 'default' : /[:/@]/.test(user);
  return [...(isSecret ? [user] : []), password ?? ''].filter((secret) => secret !== '');
}

function formsOf(secret: string): readonly string[] {
  const forms = [secret, tried(encodeURIComponent, secret), tried(decodeURIComponent, secret), JSON.stringify(secret).slice(1, -1)];
  return forms.filter((form) => form !== undefined).map((form) => form.toLowerCase());
}

function tried(form: (text: string) => string, text: string): string | undefined {
  try {
    return form(text);
  } catch {
    return undefined;
  }
}

function partsOf(secret: string): readonly string[] {
  return Array.from({ length: Math.max(0, secret.length - PART + 1) }, (_, i) => secret.slice(i, i + PART));
}

/** A short secret by itself, and not inside of a longer word. */
function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/\w/.test(text.charAt(at - 1)) && !/\w/.test(text.charAt(at + word.length))) return true;
  }
  return false;
}
