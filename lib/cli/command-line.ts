import { parseArgs } from 'node:util';
import { decodeKey, type CacheKey } from '../cache/index.js';
import { CacheError, shown, withoutCredentials } from '../errors/index.js';
import { DEFAULT_NAMESPACE } from '../eviction/index.js';
import { checkCacheName, checkNamespace } from '../instance/index.js';
import { type Milliseconds, parseDuration, type Duration } from '../time/index.js';

/** The command line, read and checked. */
export interface CommandLine {
  readonly command: 'tail' | 'stats' | 'evict' | 'clear' | 'help' | 'version';
  /** `undefined`: take it from the environment. */
  readonly redis: string | undefined;
  readonly namespace: string;
  readonly caches: readonly string[];
  readonly topic: string | undefined;
  readonly keys: readonly CacheKey[];
  readonly acks: 'all' | 'none';
  /** `undefined`: until it is interrupted. */
  readonly forMs: Milliseconds | undefined;
  readonly timeoutMs: Milliseconds;
  readonly isJson: boolean;
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

const COMMANDS = ['tail', 'stats', 'evict', 'clear'] as const;

const OPTIONS = {
  redis: { type: 'string' },
  namespace: { type: 'string' },
  cache: { type: 'string', multiple: true },
  topic: { type: 'string' },
  acks: { type: 'string' },
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
  const command = values.help ? 'help' : values.version ? 'version' : COMMANDS.find((each) => each === first);
  if (command === undefined) throw new UsageError(first === undefined ? 'Expected a command.' : `There is no command '${shown(first)}'.`);
  const caches = (values.cache ?? []).map((name) => checked(() => checkCacheName(name)));
  const line: CommandLine = {
    command,
    redis: values.redis,
    namespace: checked(() => checkNamespace(values.namespace ?? DEFAULT_NAMESPACE)),
    caches,
    topic: values.topic,
    keys: command === 'evict' ? keys.map(readKey) : [],
    acks: readAcks(values.acks),
    forMs: values.for === undefined ? undefined : readDuration('--for', values.for),
    timeoutMs: readDuration('--timeout', values.timeout ?? '2s'),
    isJson: values.json ?? false,
  };
  if (command === 'help' || command === 'version') return line;
  const changes = command === 'evict' || command === 'clear';
  if (changes && caches.length !== 1) throw new UsageError(`Expected one --cache for ${command}.`);
  if (command === 'evict' && keys.length === 0) throw new UsageError('Expected at least one key to evict; to evict all, use clear.');
  if (command !== 'evict' && keys.length > 0) throw new UsageError(`Expected no keys for ${command}, got '${shown(keys[0])}'.`);
  if (line.topic !== undefined && caches.length !== 1) throw new UsageError('Expected one --cache for --topic.');
  return line;
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

function readKey(text: string): CacheKey {
  try {
    return decodeKey(text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readAcks(text: string = 'all'): 'all' | 'none' {
  if (text === 'all' || text === 'none') return text;
  throw new UsageError(`Expected --acks to be all or none, got '${shown(text)}'.`);
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
