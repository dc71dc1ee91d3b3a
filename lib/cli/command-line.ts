import { parseArgs } from 'node:util';
import { CacheError, shown, withoutCredentials } from '../errors/index.js';
import { DEFAULT_NAMESPACE } from '../eviction/index.js';
import { checkCacheName, checkNamespace } from '../instance/index.js';
import { type Milliseconds, parseDuration, type Duration } from '../time/index.js';
import { readTypedKey, type TypedKey } from './typed-key.js';

/** The command line, read and checked. */
export interface CommandLine {
  readonly command: Command | 'help' | 'version';
  /** `undefined`: take it from the environment. */
  readonly redis: string | undefined;
  readonly namespace: string;
  readonly caches: readonly string[];
  readonly topic: string | undefined;
  readonly keys: readonly TypedKey[];
  /** Evicted in place of keys. */
  readonly tags: readonly TypedKey[];
  readonly acks: 'all' | 'none';
  /** Whether keys are counted, and not listed. */
  readonly isCount: boolean;
  /** How many keys of the database are looked at. */
  readonly limit: number;
  /** `undefined`: until it is interrupted. */
  readonly forMs: Milliseconds | undefined;
  readonly timeoutMs: Milliseconds;
  readonly isJson: boolean;
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

/** What a command takes, beside the options that all take. */
interface CommandForm {
  readonly caches: 'any' | 'one';
  readonly keys: 'none' | 'one' | 'some';
  readonly options: readonly (typeof SOME_TAKE)[number][];
}

type Command = 'tail' | 'stats' | 'health' | 'get' | 'keys' | 'evict' | 'clear';

const COMMANDS: Readonly<Record<Command, CommandForm>> = {
  tail: { caches: 'any', keys: 'none', options: ['topic', 'for'] },
  stats: { caches: 'any', keys: 'none', options: [] },
  health: { caches: 'any', keys: 'none', options: [] },
  get: { caches: 'one', keys: 'one', options: [] },
  keys: { caches: 'one', keys: 'none', options: ['count', 'limit'] },
  evict: { caches: 'one', keys: 'some', options: ['tag', 'topic', 'acks'] },
  clear: { caches: 'one', keys: 'none', options: ['topic', 'acks'] },
};

/** The options that only some commands take. */
const SOME_TAKE = ['tag', 'topic', 'acks', 'for', 'count', 'limit'] as const;

const DEFAULT_LIMIT = 100_000;

const OPTIONS = {
  redis: { type: 'string' },
  namespace: { type: 'string' },
  cache: { type: 'string', multiple: true },
  tag: { type: 'string', multiple: true },
  topic: { type: 'string' },
  acks: { type: 'string' },
  count: { type: 'boolean' },
  limit: { type: 'string' },
  for: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** @throws {UsageError} which never repeats credentials of a URL, wherever they stand. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse(args);
  const [first, ...keys] = positionals;
  const command = values.help ? 'help' : values.version ? 'version' : readCommand(first);
  const caches = (values.cache ?? []).map((name) => checked(() => checkCacheName(name)));
  const takesKeys = command === 'evict' || command === 'get';
  const tags = command === 'evict' ? (values.tag ?? []) : [];
  const line: CommandLine = {
    command,
    redis: values.redis,
    namespace: checked(() => checkNamespace(values.namespace ?? DEFAULT_NAMESPACE)),
    caches,
    topic: values.topic,
    keys: takesKeys ? keys.map((text) => checked(() => readTypedKey(text))) : [],
    tags: tags.map((text) => checked(() => readTypedKey(text))),
    acks: readAcks(values.acks),
    isCount: values.count ?? false,
    limit: readLimit(values.limit),
    forMs: values.for === undefined ? undefined : readDuration('--for', values.for),
    timeoutMs: readDuration('--timeout', values.timeout ?? '2s'),
    isJson: values.json ?? false,
  };
  if (command === 'help' || command === 'version') return line;
  checkForm(command, caches, keys, tags);
  const unused = SOME_TAKE.find((option) => values[option] !== undefined && !COMMANDS[command].options.includes(option));
  if (unused !== undefined) throw new UsageError(`Expected no --${unused} for ${command}.`);
  if (line.topic !== undefined && caches.length !== 1) throw new UsageError('Expected one --cache for --topic.');
  return line;
}

function readCommand(text: string | undefined): Command {
  const command = (Object.keys(COMMANDS) as Command[]).find((each) => each === text);
  if (command !== undefined) return command;
  throw new UsageError(text === undefined ? 'Expected a command.' : `There is no command '${shown(text)}'.`);
}

function checkForm(command: Command, caches: readonly string[], keys: readonly string[], tags: readonly string[]): void {
  const form = COMMANDS[command];
  if (form.caches === 'one' && caches.length !== 1) throw new UsageError(`Expected one --cache for ${command}.`);
  if (form.keys === 'some' && keys.length + tags.length === 0)
    throw new UsageError(`Expected at least one key, or --tag, to ${command}; to evict all, use clear.`);
  if (keys.length > 0 && tags.length > 0) throw new UsageError(`Expected keys or --tag to ${command}, not both.`);
  if (form.keys === 'one' && keys.length !== 1) throw new UsageError(`Expected one key to ${command}.`);
  if (form.keys === 'none' && keys.length > 0) throw new UsageError(`Expected no keys for ${command}, got '${shown(keys[0])}'.`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Node quotes the argument, a part of it, or its escaped form.
    if (args.some((arg) => credentialsIn(arg).length > 0)) {
      throw new UsageError('An option is unknown or misses its value. It is not repeated because it may hold a password.');
    }
    throw new UsageError((error as Error).message);
  }
}

function readAcks(text: string = 'all'): 'all' | 'none' {
  if (text === 'all' || text === 'none') return text;
  throw new UsageError(`Expected --acks to be all or none, got '${shown(text)}'.`);
}

function readLimit(text: string = String(DEFAULT_LIMIT)): number {
  const limit = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (limit > 0) return limit;
  throw new UsageError(`Expected --limit to be a whole number from 1, got '${shown(text)}'.`);
}

function readDuration(option: string, text: string): Milliseconds {
  return checked(() => parseDuration(option, durationOf(text), 1));
}

/** Reports as misuse what the library refuses. */
function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (CacheError.is(error)) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * `text`, with the credentials hidden in every argument that it repeats. This needs the arguments: only they
 * show where a password ends.
 */
export const withoutCredentialsOf = (args: readonly string[], text: string): string =>
  args.flatMap(credentialsIn).reduce((told, value) => told.replaceAll(value, withoutCredentials(value)), text);

/** The argument, and its value, if they hold credentials. */
const credentialsIn = (arg: string): readonly string[] =>
  [arg, arg.replace(/^--?[a-z]*=?/i, '')].filter((value) => value !== '' && withoutCredentials(value) !== value);

/** `500` is milliseconds. The caller refuses what is neither that nor like `5s`. */
const durationOf = (text: string): Duration => (/^\d+$/.test(text) ? Number(text) : (text as `${number}s`));
