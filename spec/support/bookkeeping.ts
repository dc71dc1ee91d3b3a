import { parseState } from '../../lib/eviction/cache-state.js';
import { RemoteKeys } from '../../lib/eviction/remote-keys.js';
import { MARK } from '../../lib/eviction/script-prelude.js';

/** What a {@link Bookkeeping} needs of a server. */
interface Cli {
  cli(...command: readonly (string | number)[]): Promise<unknown>;
}

/** Numbers messages that are never delivered. */
const SKIP = `
  local seq, rest = string.match(redis.call('GET', KEYS[1]), '^(%d+)(:.*)$')
  seq = string.format('%.0f', seq + ARGV[1])
  redis.call('SET', KEYS[1], seq .. rest)
  return seq`;

/** Moves every time in the list of the living, but no length. */
const SET_CLOCK = `
  for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if member ~= ':longest' then redis.call('ZINCRBY', KEYS[1], -ARGV[1], member) end
  end`;

/** The bookkeeping of one cache as it lies in Redis. */
export class Bookkeeping {
  readonly keys: RemoteKeys;
  readonly #server: Cli;

  constructor(server: Cli, namespace = 'cache', cache = 'book') {
    this.#server = server;
    this.keys = new RemoteKeys(namespace, cache);
  }

  /** As it lies there; `null`: nothing does. */
  async text(): Promise<string | null> {
    return (await this.#server.cli('GET', this.keys.state)) as string | null;
  }

  /** `''`: there is no state, or none that could be one. */
  async gen(): Promise<string> {
    return parseState((await this.text()) ?? '')?.gen ?? '';
  }

  /** `NaN`: there is no state, or none that could be one. */
  async seq(): Promise<number> {
    return parseState((await this.text()) ?? '')?.seq ?? Number.NaN;
  }

  async run(): Promise<string | undefined> {
    return (await this.text())?.split(':')[2];
  }

  /** Writes parts of the state; the others stay. */
  async set(parts: { readonly seq?: string | number; readonly gen?: string; readonly run?: string }): Promise<void> {
    const [seq = '', gen = '', run = ''] = ((await this.text()) ?? '1:1:ab').split(':');
    await this.#server.cli('SET', this.keys.state, `${parts.seq ?? seq}:${parts.gen ?? gen}:${parts.run ?? run}`);
  }

  /** Numbers messages that are never delivered. Returns the last number. */
  async skip(count = 1): Promise<number> {
    return Number(await this.#server.cli('EVAL', SKIP, 1, this.keys.state, count));
  }

  /** Where the value of `key` lies now. */
  async data(key: string): Promise<string> {
    return this.keys.data(await this.gen(), key);
  }

  /** Who is on the list of the living. */
  async members(): Promise<readonly string[]> {
    return (await this.#server.cli('ZRANGEBYSCORE', this.keys.members, '-inf', `(${MARK}`)) as string[];
  }

  /** What is noted about that list; `NaN`: nothing is. */
  async age(): Promise<{ readonly born: number; readonly last: number; readonly longest: number }> {
    const marks = (await this.#server.cli('ZRANGEBYSCORE', this.keys.members, MARK, '+inf', 'WITHSCORES')) as string[];
    const mark = (name: string): number => Number(marks[marks.findIndex((each) => each.startsWith(name)) + 1]) - MARK;
    return { born: mark(':born:'), last: mark(':last'), longest: mark(':longest') };
  }

  /** Notes that the list of the living has been whole for an hour: nobody waits for it to grow old. */
  async makeOld(): Promise<void> {
    const mark = ((await this.#server.cli('ZRANGEBYSCORE', this.keys.members, MARK, '+inf')) as string[]).find((each) =>
      each.startsWith(':born:'),
    );
    await this.#server.cli('ZADD', this.keys.members, MARK + Date.now() - 3_600_000, mark ?? '');
  }

  /** What the list looks like once the server's clock was set. */
  async setClock(byMs: number): Promise<void> {
    await this.#server.cli('EVAL', SET_CLOCK, 1, this.keys.members, byMs);
  }
}
