import type { EvictionLog, EvictionReceipt, LeaseReply, RemoteConnection, Script } from '../cache/index.js';
import { RemoteCacheError } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import type { Acknowledgements, Audience } from './acknowledgements.js';
import { type EvictionMessage, type MessageHalves, messageWriter, type MessageWriter } from './eviction-message.js';
import { isGeneration } from './generation.js';
import { RemoteKeys } from './remote-keys.js';
import { ACQUIRE, CLAIM, CLEAR, EVICT, FILL, RELEASE } from './scripts.js';

/** What a {@link RedisEvictionLog} is made of. */
export interface RedisEvictionLogOptions {
  readonly connection: RemoteConnection;
  readonly namespace: string;
  readonly cache: string;
  /** The channel evictions are announced on. */
  readonly channel: string;
  /** The instance's {@link originOf origin}. */
  readonly origin: string;
  /** The longest a load may take and still fill L2. */
  readonly fillLeaseMs: Milliseconds;
  readonly acknowledgements: Acknowledgements;
  /** Told when Redis has moved to another generation of keys; `isReplacement`: it may be lower than the one before. */
  readonly generationChanged: (generation: string, isReplacement?: boolean) => void;
}

type ClearReply = [kind: string, seq: number, generation: string, audience: AudienceReply, isReplacement: string];
type AudienceReply = [now: string, born: string, members: string[]] | null;

/** After this many generations changed under one call something else is wrong. */
const MAXIMUM_MOVES = 5;

let tokens = 0;

/** The {@link EvictionLog} of one cache on Redis: every write is one script, one round trip. */
export class RedisEvictionLog implements EvictionLog {
  readonly #options: RedisEvictionLogOptions;
  readonly #connection: RemoteConnection;
  readonly #keys: RemoteKeys;
  readonly #write: MessageWriter;
  /** `undefined` until the first contact: an unknown generation is asked for with `''`, which no server has. */
  #generation = '';
  /** Whether evictions were sent since the last {@link renew}. */
  #hasWritten = false;

  constructor(options: RedisEvictionLogOptions) {
    this.#options = options;
    this.#connection = options.connection;
    this.#keys = new RemoteKeys(options.namespace, options.cache);
    this.#write = messageWriter({ ns: options.namespace, cache: options.cache, origin: options.origin });
  }

  /** Uses the keys of this generation from now on. */
  useGeneration(generation: string): void {
    this.#generation = generation;
  }

  /**
   * Begins a new generation, if evictions were sent since the last time: the server is another one, which may not have heard of the last of
   * them, and others may have filled its caches before we found it. Asks no guard; it is not open yet.
   */
  async renew(): Promise<void> {
    if (!this.#hasWritten) return;
    await this.#clear((script, keys, args) => this.#connection.runUnguarded<ClearReply>(script, keys, args), false);
    this.#hasWritten = false;
  }

  acquire(key: string, replace: boolean): Promise<LeaseReply> {
    return this.#lease(ACQUIRE, (gen, token, leaseMs) => [
      [this.#keys.data(gen, key), this.#keys.lease(gen, key), this.#keys.gen, this.#keys.members, this.#keys.rid],
      [gen, token, leaseMs, replace ? '1' : '0'],
    ]);
  }

  async fill(key: string, token: string, raw: string, ttlMs: Milliseconds): Promise<boolean> {
    const [gen, right] = split(token);
    const keys = [this.#keys.data(gen, key), this.#keys.lease(gen, key), this.#keys.gen];
    return (await this.#connection.run<number>(FILL, keys, [gen, right, raw, String(ttlMs)])) === 1;
  }

  async release(key: string, token: string): Promise<void> {
    const [gen, right] = split(token);
    await this.#connection.run<number>(RELEASE, [this.#keys.lease(gen, key)], [right]);
  }

  async put(key: string, raw: string, ttlMs: Milliseconds): Promise<string | undefined> {
    const claim = await this.#claim(key, false);
    try {
      // Refused, it was overtaken by a newer eviction or put: nothing older than that is stored, which is all a put promises.
      if (claim.kind === 'granted') await this.fill(key, claim.token, raw, ttlMs);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async putIfAbsent(key: string, raw: string, ttlMs: Milliseconds): Promise<string | undefined> {
    const claim = await this.#claim(key, true);
    if (claim.kind !== 'granted') return claim.kind === 'present' ? claim.raw : undefined;
    try {
      await this.fill(key, claim.token, raw, ttlMs);
      return undefined;
    } catch (error) {
      await this.release(key, claim.token).catch(() => undefined); // It runs out by itself; this spares others the wait.
      throw error;
    }
  }

  evict(keys: readonly string[], acks: boolean): Promise<EvictionReceipt> {
    const { head, tail } = this.#message('evict', keys, acks);
    return this.#acknowledged(acks, async () => {
      const [, seq, removed, audience] = await this.#inGeneration<[string, number, number, AudienceReply]>((gen) => [
        EVICT,
        [
          ...keys.map((key) => this.#keys.data(gen, key)),
          ...keys.map((key) => this.#keys.lease(gen, key)),
          this.#keys.seq,
          this.#keys.gen,
          this.#keys.members,
          this.#keys.born,
          this.#keys.rid,
        ],
        [gen, String(keys.length), this.#options.channel, head, tail, acks ? '1' : '0'],
      ]);
      return { seq, removed, audience };
    });
  }

  clear(acks: boolean): Promise<EvictionReceipt> {
    return this.#acknowledged(acks, async () => {
      const [, seq, , audience] = await this.#clear((script, keys, args) => this.#connection.run<ClearReply>(script, keys, args), acks);
      return { seq, removed: -1, audience };
    });
  }

  async readCurrent(keys: readonly string[]): Promise<(string | undefined)[]> {
    for (let moves = 0; moves <= MAXIMUM_MOVES; moves += 1) {
      const asked = this.#generation;
      const [gen, ...raws] = await this.#connection.guard.run('get', () =>
        this.#connection.client.mGet([this.#keys.gen, ...keys.map((key) => this.#keys.data(asked, key))]),
      );
      if (gen === asked) return raws.map((raw) => (typeof raw === 'string' ? raw : undefined));
      // The server lost everything, or another program wrote there: the next write, or heartbeat, begins a generation.
      if (!isGeneration(gen)) return keys.map(() => undefined);
      this.#options.generationChanged(gen);
    }
    throw this.#restless();
  }

  #claim(key: string, keep: boolean): Promise<LeaseReply> {
    const { head, tail } = this.#message('put', [key], false);
    return this.#lease(CLAIM, (gen, token, leaseMs) => [
      [this.#keys.data(gen, key), this.#keys.lease(gen, key), this.#keys.seq, this.#keys.gen, this.#keys.rid],
      [gen, token, leaseMs, this.#options.channel, head, tail, keep ? '1' : '0'],
    ]);
  }

  /** Runs a script that may grant a fill lease. */
  async #lease(
    script: Script,
    call: (generation: string, token: string, leaseMs: string) => [keys: string[], args: string[]],
  ): Promise<LeaseReply> {
    const token = `${this.#options.origin}|${(tokens += 1).toString(36)}`;
    let asked = '';
    const [kind, raw] = await this.#inGeneration<[string, string]>((gen) => {
      asked = gen;
      return [script, ...call(gen, token, String(this.#options.fillLeaseMs))];
    });
    if (kind === 'present') return { kind, raw };
    return kind === 'granted' ? { kind, token: `${asked}/${token}` } : { kind: 'busy' };
  }

  #message(op: EvictionMessage['op'], keys: readonly string[], acks: boolean): MessageHalves {
    this.#hasWritten = true;
    return this.#write(op, keys, acks);
  }

  async #clear(run: (script: Script, keys: string[], args: string[]) => Promise<ClearReply>, acks: boolean): Promise<ClearReply> {
    const { head, tail } = this.#message('clear', [], acks);
    const { seq, gen, members, born, rid } = this.#keys;
    const known = this.#generation === '' ? '0' : this.#generation;
    const reply = await run(CLEAR, [seq, gen, members, born, rid], [this.#options.channel, head, tail, acks ? '1' : '0', known]);
    const [, , generation, , isReplacement] = reply;
    this.#options.generationChanged(generation, isReplacement === '1');
    return reply;
  }

  async #acknowledged(
    acks: boolean,
    script: () => Promise<{ seq: number; removed: number; audience: AudienceReply }>,
  ): Promise<EvictionReceipt> {
    if (!acks) return { removed: (await script()).removed, acknowledged: undefined };
    const acknowledgements = this.#options.acknowledgements;
    return acknowledgements.expect(async () => {
      const { seq, removed, audience } = await script();
      return { removed, acknowledged: acknowledgements.wait(this.#options.cache, seq, audienceOf(audience)) };
    });
  }

  /** Runs a script under the present generation; when Redis has moved on, follows it and asks again. */
  async #inGeneration<T extends unknown[]>(call: (generation: string) => [Script, string[], string[]]): Promise<T> {
    for (let moves = 0; moves <= MAXIMUM_MOVES; moves += 1) {
      const [script, keys, args] = call(this.#generation);
      const reply = await this.#connection.run<T | ['generation', string] | ['damaged']>(script, keys, args);
      if (reply[0] === 'damaged') throw this.#damaged();
      if (reply[0] !== 'generation') return reply as T;
      this.#options.generationChanged(reply[1] as string);
    }
    throw this.#restless();
  }

  #damaged(): RemoteCacheError {
    return new RemoteCacheError('CACHE_REMOTE_FAILED', `What Redis holds as the generation of cache '${this.#options.cache}' is none.`, {
      hint: `Another program wrote to '${this.#keys.gen}'. The next heartbeat replaces it.`,
    });
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

/** A token remembers the generation it was granted in: a fill of another one is refused by itself. */
const split = (token: string): [generation: string, right: string] => {
  const slash = token.indexOf('/');
  return [token.slice(0, slash), token.slice(slash + 1)];
};

function audienceOf(reply: AudienceReply): Audience {
  if (reply === null) return { now: 0, born: 0, members: new Map() };
  const [now, born, scored] = reply;
  const members = new Map<string, Milliseconds>();
  for (let i = 0; i < scored.length; i += 2) members.set(scored[i] as string, Number(scored[i + 1]));
  return { now: Number(now), born: born === '' ? undefined : Number(born), members };
}
