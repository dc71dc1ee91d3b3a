import { readFileSync } from 'node:fs';
import { CacheError, MAXIMUM_LINE_LENGTH, printable, printableLines } from '../errors/index.js';
import { redisOptionsFromEnv } from '../redis/index.js';
import { type CommandLine, readCommandLine, UsageError, withoutCredentialsOf } from './command-line.js';
import { evict } from './evict.js';
import { FleetLink } from './fleet-link.js';
import { get } from './get.js';
import { health } from './health.js';
import { keys } from './keys.js';
import { over } from './link.js';
import { stats } from './stats.js';
import { StoreLink } from './store-link.js';
import { Tail } from './tail.js';
import { USAGE } from './usage.js';

/** The surroundings of a command line. */
export interface CommandLineIo {
  /** Takes a line of results, with its line break. */
  readonly out: (text: string) => void;
  /** Takes a line for people, about what went wrong. */
  readonly err: (text: string) => void;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. */
  readonly interrupt: AbortSignal;
}

const INTERRUPTED = 130;

/**
 * Runs the command in `args`. @returns the exit code: 0 done, 1 failed, 2 misused, 130
 * interrupted. Never rejects.
 */
export async function runCommandLine(args: readonly string[], io: CommandLineIo): Promise<number> {
  const err = (text: string): void => io.err(`${printableLines(withoutCredentialsOf(args, text))}\n`);
  try {
    return await run(readCommandLine(args), { ...io, err: (text) => io.err(withoutCredentialsOf(args, text)) });
  } catch (error) {
    if (io.interrupt.aborted) return INTERRUPTED;
    if (error instanceof UsageError) {
      err(`${printable(error.message, MAXIMUM_LINE_LENGTH)}\nTry 'inversify-cache --help'.`);
      return 2;
    }
    if (!CacheError.is(error)) {
      err(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return 1;
    }
    err(`${error.code}: ${error.message}`);
    return error.code === 'CACHE_OPTION_INVALID' ? 2 : 1;
  }
}

async function run(line: CommandLine, { out, err, env, interrupt }: CommandLineIo): Promise<number> {
  if (line.command === 'help') return (out(USAGE), 0);
  if (line.command === 'version') return (out(`${version()}\n`), 0);
  const redis = line.redis ?? redisOptionsFromEnv(env);
  if (redis === undefined) throw new UsageError('Expected --redis, or REDIS_URL or REDIS_HOST in the environment.');
  const print = (text: string): void => out(`${text}\n`);
  const complain = (text: string): void => err(`${printable(text, MAXIMUM_LINE_LENGTH)}\n`);
  const interrupted = new Promise<void>((resolve) => interrupt.addEventListener('abort', () => resolve(), { once: true }));
  const ended = interrupted.then(() => INTERRUPTED);
  const options = { redis, namespace: line.namespace, timeoutMs: line.timeoutMs };
  const overFleet = (use: (link: FleetLink) => Promise<number>): Promise<number> => {
    const link = new FleetLink(options);
    return over(link, ended, () => use(link));
  };
  const overStore = (use: (link: StoreLink) => Promise<number>): Promise<number> => {
    const link = new StoreLink(options);
    return over(link, ended, () => use(link));
  };
  switch (line.command) {
    case 'tail':
      return overFleet((link) => follow(line, new Tail(line, link, print, complain), interrupted));
    case 'stats':
      return overFleet((link) => stats(line, link, print, complain));
    case 'health':
      return overFleet((link) => health(line, link, print, complain));
    case 'get':
      return overStore((link) => get(line, link, print, complain));
    case 'keys':
      return overStore((link) => keys(line, link, print, complain));
    case 'evict':
    case 'clear':
      return overStore((store) => overFleet((fleet) => evict(line, { store, fleet }, print, complain)));
  }
}

/** Follows until it is interrupted, or its time is over. */
async function follow({ forMs }: CommandLine, tail: Tail, interrupted: Promise<void>): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const timeIsOver = forMs === undefined ? [] : [new Promise<void>((resolve) => (timer = setTimeout(resolve, forMs)))];
  const code = await tail.run(Promise.race([interrupted, ...timeIsOver]));
  clearTimeout(timer);
  return code;
}

/** The version of the package that this file belongs to, compiled or not. */
function version(): string {
  for (const path of ['../../../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}
