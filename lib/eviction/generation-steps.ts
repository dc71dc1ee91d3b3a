import type { Generation } from '../cache/index.js';
import { RemoteCacheError } from '../errors/index.js';
import type { CommandConnection, Script } from '../redis/index.js';
import type { Milliseconds } from '../time/index.js';
import { damagedState, parseState } from './cache-state.js';

/** What {@link GenerationSteps} need. */
export interface GenerationStepsOptions {
  readonly connection: CommandConnection;
  readonly cache: string;
  /** Where the state of the cache lies. */
  readonly stateKey: string;
  /** Follows what the server answers. */
  readonly generation: Generation;
}

/** If the generation changes more often than this during one call, something else is wrong. */
const MAXIMUM_MOVES = 5;

/**
 * The steps of one cache that hold in one generation. If Redis has a newer one, the step is made again under
 * that.
 */
export class GenerationSteps {
  readonly #options: GenerationStepsOptions;

  constructor(options: GenerationStepsOptions) {
    this.#options = options;
  }

  /** `''` while none is known. No server has that one. */
  get generation(): string {
    return this.#options.generation.current ?? '';
  }

  /** Runs a script under the present generation. */
  async run<T extends unknown[]>(
    call: (generation: string) => [Script, string[], string[]],
    weight: number,
    waitMs?: Milliseconds,
  ): Promise<T> {
    const { connection, cache, stateKey } = this.#options;
    for (let moves = 0; moves <= MAXIMUM_MOVES; moves += 1) {
      const asked = this.generation;
      const [script, keys, args] = call(asked);
      const reply = await connection.run<T | ['generation', string] | ['damaged']>(script, keys, args, { weight, waitMs });
      if (reply[0] === 'damaged') throw damagedState(cache, stateKey);
      if (reply[0] !== 'generation') return reply as T;
      // An older one: another program has put it there, or the server has lost what it knew.
      if (!this.#moves(asked, reply[1] as string)) throw damagedState(cache, stateKey);
    }
    throw this.#restless();
  }

  /** Reads the values of `keys`, and the state beside them, under the present generation. */
  async read(keys: readonly string[], call: (generation: string) => Promise<(string | null)[]>): Promise<(string | undefined)[]> {
    for (let moves = 0; moves <= MAXIMUM_MOVES; moves += 1) {
      const asked = this.generation;
      const [state, ...raws] = await call(asked);
      // Before the first contact the state may be of another run of the server, which only a script can see.
      const gen = typeof state === 'string' && asked !== '' ? parseState(state)?.gen : undefined;
      if (gen === asked) return raws.map((raw) => (typeof raw === 'string' ? raw : undefined));
      // The server lost everything, or another program wrote there. The next write or heartbeat begins a
      // generation.
      if (gen === undefined || !this.#moves(asked, gen)) return keys.map(() => undefined);
    }
    throw this.#restless();
  }

  /** Follows the generation that a reply names. `false`: it is older than the one that was asked for. */
  #moves(asked: string, named: string): boolean {
    this.#options.generation.follow(named);
    return this.generation !== asked;
  }

  #restless(): RemoteCacheError {
    const { cache } = this.#options;
    return new RemoteCacheError(
      'CACHE_REMOTE_FAILED',
      `The generation of cache '${cache}' changed ${MAXIMUM_MOVES} times during one call.`,
      {
        hint: 'Is something clearing the cache, or flushing Redis, in a loop?',
      },
    );
  }
}
