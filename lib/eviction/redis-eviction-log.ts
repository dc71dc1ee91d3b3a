import {
  type Eviction,
  type EvictionLog,
  type EvictionReceipt,
  type FillEntry,
  type FillLease,
  type HeldLease,
  type Generation,
  hasTags,
  type IntentChange,
  type LeaseRequest,
  type PutEntry,
  type PutReceipt,
  placeOf,
  placesOf,
  stamped,
  type TagClock,
  type TagNumbers,
  type Withheld,
} from '../cache/index.js';
import { BYTES_PER_UNIT, type CommandConnection, type Script } from '../redis/index.js';
import type { Milliseconds } from '../time/index.js';
import type { Acknowledgements } from './acknowledgements.js';
import { audienceOf, type AudienceReply } from './audience-reply.js';
import { type EvictionMessage, type MessageHalves, messageWriter, type MessageWriter } from './messages.js';
import { GenerationSteps } from './generation-steps.js';
import { memberOf } from './origin.js';
import { RemoteKeys } from './remote-keys.js';
import { ACQUIRE, CLAIM, CLEAR, EVICT, EVICT_TAGS, FILL, RELEASE, RENEW, WITHHELD } from './scripts.js';

/** What a {@link RedisEvictionLog} is made of. */
export interface RedisEvictionLogOptions {
  readonly connection: CommandConnection;
  readonly namespace: string;
  readonly cache: string;
  /** The channel evictions are announced on. */
  readonly channel: string;
  /** The instance's {@link originOf origin}. */
  readonly origin: string;
  /**
   * The instance's bound. Fill leases are held under its origin and its bound, as the list of the living
   * has it.
   */
  readonly boundMs: Milliseconds;
  /** The longest a load may take and still fill L2. */
  readonly fillLeaseMs: Milliseconds;
  readonly acknowledgements: Acknowledgements;
  /**
   * Whether this instance has the cache: then it sends heartbeats for it, and will leave. Default: it has.
   */
  readonly isKept?: (() => boolean) | undefined;
  /** Of the cache's keys. It follows what the scripts answer. */
  readonly generation: Generation;
  /** Of a cache with tags. It is told of the tags that this instance evicts. Default: the cache has none. */
  readonly tags?: TagClock | undefined;
}

type ClearReply = [kind: string, seq: number, generation: string, audience: AudienceReply, isReplacement: string];

let tokens = 0;

/** The {@link EvictionLog} of one cache on Redis: every write is one script, one round trip. */
export class RedisEvictionLog implements EvictionLog {
  readonly #options: RedisEvictionLogOptions;
  readonly #connection: CommandConnection;
  readonly #keys: RemoteKeys;
  readonly #write: MessageWriter;
  readonly #member: string;
  readonly #steps: GenerationSteps;
  /** Whether evictions were sent since the last {@link renew}. */
  #hasWritten = false;

  constructor(options: RedisEvictionLogOptions) {
    this.#options = options;
    this.#connection = options.connection;
    this.#keys = new RemoteKeys(options.namespace, options.cache);
    this.#member = memberOf(options.origin, options.boundMs);
    this.#steps = new GenerationSteps({ ...options, stateKey: this.#keys.state });
    this.#write = messageWriter({ ns: options.namespace, cache: options.cache, origin: options.origin });
  }

  /** What Keyv calls the namespace of the present generation's keys. */
  get keyvNamespace(): string {
    return this.#keys.keyvNamespace(this.#options.generation.current ?? '0');
  }

  /**
   * Begins a new generation, if evictions were sent since the last time. The server is another one now: it
   * may not have heard of the last evictions, and other instances may have filled its caches before we found
   * it. It asks no guard, because the guard does not accept steps yet.
   */
  async renew(): Promise<void> {
    if (!this.#hasWritten) return;
    await this.#clear((script, keys, args) => this.#connection.runUnguarded<ClearReply>(script, keys, args), false);
    this.#hasWritten = false;
  }

  async acquire(requests: readonly LeaseRequest[], waitMs?: Milliseconds): Promise<readonly FillLease[]> {
    let token = '';
    const keys = requests.map(({ key }) => key);
    const [, since, ...replies] = await this.#steps.run<['leases', string, ...(readonly [kind: string, raw?: string])[]]>(
      (gen) => {
        const own = this.#newToken();
        token = `${gen}/${own}`;
        return [
          ACQUIRE,
          [...this.#dataAndLeases(gen, keys), this.#keys.state, this.#keys.members, this.#keys.intents],
          [gen, own, String(this.#options.fillLeaseMs), this.#hasTags, ...requests.map(wishOf)],
        ];
      },
      keys.length,
      waitMs,
    );
    return replies.map(([kind, raw]): FillLease => {
      if (kind === 'present') return { kind, entry: raw as string };
      const old = raw === undefined ? {} : { old: raw };
      if (kind === 'granted') return { kind, token: `${since}/${token}`, since: Number(since), ...old };
      return kind === 'withheld' ? { kind } : { kind: 'busy', ...old };
    });
  }

  async fill(entries: readonly FillEntry[], waitMs?: Milliseconds): Promise<readonly boolean[]> {
    const stored = new Map<FillEntry, boolean>();
    // A fill of an older generation is refused. It must not make the server refuse the others.
    const byGeneration = new Map<string, FillEntry[]>();
    for (const entry of entries) {
      const { gen } = split(entry.token);
      const own = byGeneration.get(gen);
      if (own === undefined) byGeneration.set(gen, [entry]);
      else own.push(entry);
    }
    for (const [gen, own] of byGeneration) {
      const replies = await this.#fill(gen, own, waitMs);
      own.forEach((entry, i) => stored.set(entry, replies[i] === 1));
    }
    return entries.map((entry) => stored.get(entry) === true);
  }

  #fill(gen: string, entries: readonly FillEntry[], waitMs?: Milliseconds): Promise<number[]> {
    const args = [gen];
    let length = 0;
    for (const { token, raw: unstamped, ttlMs } of entries) {
      const { since, right } = split(token);
      const raw = this.#options.tags === undefined ? unstamped : stamped(unstamped, since);
      // The script writes the end in the place of the last brace.
      args.push(right, raw.slice(0, -1), String(ttlMs));
      length += raw.length;
    }
    const keys = this.#dataAndLeases(
      gen,
      entries.map(({ key }) => key),
    );
    return this.#connection.run<number[]>(FILL, [...keys, this.#keys.state], args, {
      weight: entries.length + length / BYTES_PER_UNIT,
      waitMs,
    });
  }

  async release(leases: readonly HeldLease[]): Promise<void> {
    const parts = leases.map(({ key, token }) => ({ key, ...split(token) }));
    const keys = parts.map(({ gen, key }) => this.#keys.lease(gen, key));
    const rights = parts.map(({ right }) => right);
    await this.#connection.run<number>(RELEASE, keys, rights, { weight: keys.length });
  }

  async put(entries: readonly PutEntry[]): Promise<PutReceipt> {
    const keys = entries.map(({ key }) => key);
    const { lease, withheld } = await this.#claim(keys, false);
    try {
      // If it is refused, a newer eviction or put has overtaken it, or the key is being written. Nothing
      // older is stored, and a put promises no more.
      if (lease.kind === 'granted' && withheld < keys.length) await this.fill(entries.map((entry) => ({ ...entry, token: lease.token })));
      return { withheld };
    } catch (error) {
      return { refusal: (error as Error).message, withheld };
    }
  }

  async putIfAbsent(entry: PutEntry): Promise<string | undefined> {
    const { lease } = await this.#claim([entry.key], true);
    if (lease.kind !== 'granted') return lease.kind === 'present' ? lease.entry : undefined;
    try {
      await this.fill([{ ...entry, token: lease.token }]);
      return undefined;
    } catch (error) {
      // The lease ends by itself; this spares others the wait.
      await this.release([{ key: entry.key, token: lease.token }]).catch(() => undefined);
      throw error;
    }
  }

  evict(eviction: Eviction, acks: boolean, intent?: IntentChange): Promise<EvictionReceipt> {
    if (eviction === 'all') return this.#evictAll(acks, intent);
    return hasTags(eviction) ? this.#evictTags(eviction.tags, acks) : this.#evictKeys(eviction.keys, acks, intent);
  }

  async renewIntent(eviction: Withheld, intent: IntentChange): Promise<boolean> {
    const fields = placesOf(eviction);
    const args = [...changeOf(intent), ...fields];
    return (await this.#connection.run<number>(RENEW, [this.#keys.intents], args, { weight: fields.length })) === 1;
  }

  async isWithheld(key: string): Promise<boolean> {
    return (await this.#connection.run<number>(WITHHELD, [this.#keys.intents], [placeOf(key)])) === 1;
  }

  #evictKeys(keys: readonly string[], acks: boolean, intent: IntentChange | undefined): Promise<EvictionReceipt> {
    const { head, tail } = this.#message('evict', keys, acks);
    return this.#acknowledged(acks, async () => {
      const [, seq, removed, audience] = await this.#steps.run<[string, number, number, AudienceReply]>(
        (gen) => [
          EVICT,
          [...this.#dataAndLeases(gen, keys), this.#keys.state, this.#keys.members, this.#keys.hosts, this.#keys.intents],
          [gen, String(keys.length), this.#options.channel, head, tail, this.#options.cache, ...this.#flags(acks), ...changeOf(intent)],
        ],
        keys.length,
      );
      return { seq, removed, audience };
    });
  }

  #evictTags(tags: readonly string[], acks: boolean): Promise<EvictionReceipt> {
    const { head, tail } = this.#message('evictTagged', [], acks, tags);
    const { state, members, hosts, tags: tagsKey } = this.#keys;
    return this.#acknowledged(acks, async () => {
      const [, seq, , audience] = await this.#steps.run<[string, number, number, AudienceReply]>(
        (gen) => [
          EVICT_TAGS,
          [state, members, hosts, tagsKey],
          [gen, this.#options.channel, head, tail, this.#options.cache, ...this.#flags(acks), ...tags],
        ],
        tags.length,
      );
      this.#options.tags?.evicted(tags, seq, 'reply');
      return { seq, removed: -1, audience };
    });
  }

  #evictAll(acks: boolean, intent: IntentChange | undefined): Promise<EvictionReceipt> {
    return this.#acknowledged(acks, async () => {
      const run = (script: Script, keys: string[], args: string[]): Promise<ClearReply> => this.#connection.run(script, keys, args);
      const [, seq, , audience] = await this.#clear(run, acks, intent);
      return { seq, removed: -1, audience };
    });
  }

  readCurrent(keys: readonly string[], waitMs?: Milliseconds): Promise<(string | undefined)[]> {
    const { client, guard } = this.#connection;
    return this.#steps.read(keys, (asked) => {
      const read = (): Promise<(string | null)[]> => client.mGet([this.#keys.state, ...keys.map((key) => this.#keys.data(asked, key))]);
      return guard.run('get', read, keys.length, waitMs);
    });
  }

  async readTags(tags: readonly string[], waitMs?: Milliseconds): Promise<TagNumbers> {
    const members = [`*${this.#steps.generation}`, ...tags.map((tag) => `:${tag}`)];
    const ask = (): Promise<(number | null)[]> => this.#connection.client.zmScore(this.#keys.tags, members);
    const [floor, ...numbers] = await this.#connection.guard.run('tags', ask, members.length, waitMs);
    return { floor: typeof floor === 'number' ? -floor : undefined, numbers: numbers.map((number) => number ?? undefined) };
  }

  /** How many of the keys are `withheld`: no lease of them is granted. */
  async #claim(keys: readonly string[], keep: boolean): Promise<{ readonly lease: FillLease; readonly withheld: number }> {
    const { head, tail } = this.#message('put', keys, false);
    let token = '';
    const [kind, more, since] = await this.#steps.run<[string, string | number, number]>((gen) => {
      const own = this.#newToken();
      token = `${gen}/${own}`;
      return [
        CLAIM,
        [...this.#dataAndLeases(gen, keys), this.#keys.state, this.#keys.intents],
        [gen, own, String(this.#options.fillLeaseMs), this.#options.channel, head, tail, keep ? '1' : '0', this.#hasTags],
      ];
    }, keys.length);
    if (kind === 'present') return { lease: { kind, entry: String(more) }, withheld: 0 };
    return { lease: { kind: 'granted', token: `${since}/${token}`, since }, withheld: Number(more) };
  }

  /** Whether this instance stores tags, for the scripts. */
  get #hasTags(): string {
    return this.#options.tags === undefined ? '0' : '1';
  }

  /** Whether an audience is asked for, and whether the instance has no such cache. */
  #flags(acks: boolean): [acks: string, isPassing: string] {
    const isKept = this.#options.isKept?.() ?? true;
    return [acks ? '1' : '0', isKept ? '0' : '1'];
  }

  #dataAndLeases(gen: string, keys: readonly string[]): string[] {
    return [...keys.map((key) => this.#keys.data(gen, key)), ...keys.map((key) => this.#keys.lease(gen, key))];
  }

  /** The token of a fill lease. No other lease has it. */
  #newToken(): string {
    return `${this.#member}|${(tokens += 1).toString(36)}`;
  }

  #message(op: EvictionMessage['op'], keys: readonly string[], acks: boolean, tags?: readonly string[]): MessageHalves {
    this.#hasWritten = true;
    return this.#write(op, keys, acks, tags);
  }

  async #clear(
    run: (script: Script, keys: string[], args: string[]) => Promise<ClearReply>,
    acks: boolean,
    intent?: IntentChange,
  ): Promise<ClearReply> {
    const { head, tail } = this.#message('clear', [], acks);
    const { state, members, hosts, intents, tags } = this.#keys;
    const known = this.#steps.generation === '' ? '0' : this.#steps.generation;
    const of = [this.#options.cache, ...this.#flags(acks), known, this.#hasTags];
    const reply = await run(CLEAR, [state, members, hosts, intents, tags], [this.#options.channel, head, tail, ...of, ...changeOf(intent)]);
    const [, , generation, , isReplacement] = reply;
    this.#options.generation.follow(generation, isReplacement === '1');
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
}

/** What the script shall do with what is stored. */
const wishOf = ({ drops, youngerThanMs, wantsOld }: LeaseRequest): string => {
  if (drops === true) return 'drop';
  if (youngerThanMs !== undefined) return String(youngerThanMs);
  return wantsOld === true ? 'old' : '';
};

/** Token and length of a write intent, as the scripts take them. */
const changeOf = (intent: IntentChange | undefined): string[] =>
  intent === undefined ? [] : [intent.token, intent.until === 'end' ? '' : String(intent.until)];

/** A token holds the generation it was granted in, so that a fill of another one is refused. */
function split(token: string): { readonly since: number; readonly gen: string; readonly right: string } {
  const first = token.indexOf('/');
  const second = token.indexOf('/', first + 1);
  return { since: Number(token.slice(0, first)), gen: token.slice(first + 1, second), right: token.slice(second + 1) };
}
