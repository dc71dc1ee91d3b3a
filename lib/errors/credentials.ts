import { CacheError } from './cache-error.js';
import { isError } from './is-error.js';

/** A user of a server. */
export interface Entry {
  readonly username?: string | null | undefined;
  readonly password?: string | null | undefined;
}

/** This many characters in a row count as a part of a password. Fewer may match by chance. */
const PART = 4;

/**
 * This many count as a part of a token, which is a secret of at least {@link TOKEN} characters. It has so
 * many parts of four that some stand in any text: those of AWS hold `connect`. Sixteen of them are of no use.
 */
const PART_OF_TOKEN = 16;

const TOKEN = 128;

/** How many answers are remembered: connections that are being replaced may still quote one. */
const LEARNED = 8;

/** A longer reply of a server is cut. */
const MAXIMUM_LENGTH = 500;

/** How deep causes are followed. */
const MAXIMUM_DEPTH = 5;

/**
 * Replies in Redis' own words. These texts quote no argument, even if a password has
 * words in common with them.
 */
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

/** `NOPERM User app has no permissions to run the 'get' command`: only the user name is not Redis' own. */
const KNOWN_OF_USER = /^NOPERM User (.+) has no permissions to run the '[\w| -]{1,40}' command$/;

/** What clients themselves say about a connection. */
const KNOWN_FAILURES =
  /^(?:Connection timeout|Connection is closed\.?|Socket closed unexpectedly|Socket timeout timeout\. [\w ,']+\d+ms\.|The client is (?:closed|offline)|Disconnects client|Unknown RESP type \d+ ".?")$/;

/** How Redis quotes the arguments of a command that it does not know. It may cut them anywhere. */
const QUOTED_ARGUMENTS = /,? with args beginning with[^]*$/i;

/**
 * Keeps the password of a connection secret. Everything that a server or a client says passes here before it
 * is thrown, reported as an event, or printed. A server may quote a password in its reply, whole or cut
 * anywhere; one that does not know AUTH does so.
 *
 * A user name without a password counts as a password, because many write `redis://password@host`. So does a
 * user name that holds a URL.
 *
 * Credentials that expire are learned as they come. The last few are kept secret.
 */
export class Credentials {
  readonly #fixed: readonly string[];
  /** The newest comes last. */
  #learned: readonly (readonly string[])[] = [];
  /** In lower case, in all spellings: as written, percent-encoded and decoded. */
  #secrets: readonly string[] = [];
  /** All pieces of {@link PART} characters of the secrets, and those of {@link PART_OF_TOKEN} of tokens. */
  #parts: ReadonlySet<string> = new Set();

  constructor(...entries: readonly Entry[]) {
    this.#fixed = entries.flatMap(secretsOf);
    this.#renew();
  }

  /** Keeps this password secret as well. */
  learn(entry: Entry): void {
    const secrets = secretsOf(entry);
    const others = this.#learned.filter((known) => known.join('\n') !== secrets.join('\n'));
    const isNew = others.length === this.#learned.length;
    this.#learned = [...others, secrets].slice(-LEARNED);
    if (isNew) this.#renew();
  }

  /** Whether `text` holds a secret, or a part of one. */
  isIn(text: string): boolean {
    const lower = text.toLowerCase();
    if (this.#parts.size > 0) {
      for (const length of [PART, PART_OF_TOKEN])
        for (let i = 0; i + length <= lower.length; i += 1) if (this.#parts.has(lower.slice(i, i + length))) return true;
    }
    return this.#secrets.some((secret) => secret.length < PART && holdsWord(lower, secret));
  }

  /**
   * The text of a server or a client, made safe. If it holds a part of a secret, only the code at its
   * beginning is kept: a mask would show which word was the secret.
   *
   * @param isHandshake - the text answers a command that carries the password. Then only texts that are known
   *   to quote nothing are kept.
   */
  hide(said: string, isHandshake = false): string {
    const text = this.#secrets.length === 0 ? said : said.replace(QUOTED_ARGUMENTS, '');
    if (this.#isTellable(text, isHandshake)) return text.length <= MAXIMUM_LENGTH ? text : `${text.slice(0, MAXIMUM_LENGTH)}…`;
    const code = /^[A-Z]{2,20}(?= )/.exec(text)?.[0];
    return `${code === undefined || this.isIn(code) ? '' : `${code} `}(the rest is not told: it may quote the password)`;
  }

  /**
   * `error`, made safe: itself if it is harmless, otherwise a copy of its harmless parts. ioredis notes the
   * command on its errors, and the arguments of AUTH and HELLO hold the password.
   *
   * @param isHandshake - as in {@link hide}. The errors of ioredis show it by themselves.
   */
  clean(error: unknown, isHandshake = false, depth = 0): unknown {
    if (typeof error === 'string') return this.hide(error, isHandshake);
    if (!isError(error)) return typeof error === 'object' ? undefined : error;
    if (CacheError.is(error)) return error; // Ours is made of safe texts already.
    if (depth > MAXIMUM_DEPTH) return undefined;
    const { command, cause, errors } = error as { command?: { readonly name?: unknown } | undefined; cause?: unknown; errors?: unknown };
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

  #renew(): void {
    const secrets = [...new Set([...this.#fixed, ...this.#learned.flat()])];
    this.#secrets = [...new Set(secrets.flatMap(formsOf))];
    this.#parts = new Set(secrets.flatMap(partsOf));
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

/** For connections without a password. */
export const NO_CREDENTIALS = new Credentials();

/** The fields of Node's errors, which are texts. */
const HARMLESS: ReadonlySet<string> = new Set(['code', 'errno', 'syscall', 'address', 'port', 'path', 'hostname', 'host', 'reason']);

/**
 * Whether it is an error of Node's own, about sockets, names or certificates. No server
 * can put words into those.
 */
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
  const length = secret.length < TOKEN ? PART : PART_OF_TOKEN;
  return formsOf(secret).flatMap((form) =>
    Array.from({ length: Math.max(0, form.length - length + 1) }, (_, i) => form.slice(i, i + length)),
  );
}

/** Whether a short secret stands alone, and not inside a longer word. */
function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/\w/.test(text.charAt(at - 1)) && !/\w/.test(text.charAt(at + word.length))) return true;
  }
  return false;
}
