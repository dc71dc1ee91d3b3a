import { ended, livesIn } from '../../cache/index.js';
import { LEAST_DAMAGED, PURE } from '../../eviction/index.js';
import { type Eight, FakeMembers, type Reply } from './fake-members.js';
import type { Milliseconds } from '../../time/index.js';
import type { FakeState } from './fake-store.js';
import type { Mark } from './fake-tags.js';

/** What a client of the {@link FakeRedis} asks. */
export type Request =
  | { readonly kind: 'script'; readonly name: string; readonly keys: readonly string[]; readonly args: readonly string[] }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'mget'; readonly keys: readonly string[] }
  | { readonly kind: 'zmscore'; readonly key: string; readonly members: readonly string[] }
  | { readonly kind: 'publish'; readonly channel: string; readonly body: string };

/** A message without its number, its generation and its time, which the server writes between the halves. */
interface Announcement {
  readonly channel: string;
  readonly head: string;
  readonly tail: string;
}

/**
 * A Redis server in a few lines: it knows our scripts by name and does what their Lua does
 * (`lib/eviction/scripts.ts`), one request at a time, each as a whole.
 * `spec/testing/simulation/fake-redis.int.spec.ts` holds it against a real server.
 *
 * What a rule of the scripts is worth is shown by subclasses that leave it out, so each such rule is a method
 * of its own.
 */
export class FakeRedis extends FakeMembers {
  /** Runs one request. */
  execute(request: Request): Reply {
    // A script takes a while, and sees one time throughout.
    this.micros = Math.max(this.micros + 1, Math.floor(this.time() * 1_000));
    switch (request.kind) {
      case 'get':
        return this.get(request.key);
      case 'mget':
        return request.keys.map((key) => this.get(key));
      case 'zmscore':
        return this.tags.scores(request.key, request.members);
      case 'publish':
        return this.onPublish(request.channel, request.body);
      case 'script':
        return this.#script(request.name, request.keys, request.args);
    }
  }

  /**
   * Whether a fill may be stored: the generation is still the current one, and the lease still the caller's.
   */
  protected mayFill(current: string | undefined, generation: string, held: string | null, token: string): boolean {
    return current === generation && held === token;
  }

  /** Whether a write under this intent is under way. */
  protected isAlive(endsAt: Milliseconds, _token: string): boolean {
    return endsAt > this.now();
  }

  /** Whether an eviction that begins a write does anything. */
  protected begins(): boolean {
    return true;
  }

  /** Whether the intent of a renewal is still there: others may have stored old values if it is not. */
  protected mayRenew(endsAt: Milliseconds | undefined): boolean {
    return endsAt !== undefined && endsAt > this.now();
  }

  /** Which of the intents of a key end with the write of `token`. */
  protected ended(_intents: readonly string[], token: string): readonly string[] {
    return [token];
  }

  /** Which of the sets a clear removes. */
  protected cleared(_sets: readonly string[]): readonly string[] {
    return [];
  }

  /** Whether nothing may be stored by a load or a put, because one of these keys has an intent. */
  protected withholds(_step: 'load' | 'put', intents: readonly string[]): boolean {
    return intents.some((key) => [...(this.memory.sets.get(key) ?? [])].some(([token, endsAt]) => this.isAlive(endsAt, token)));
  }

  /** Which keys an eviction removes. */
  protected evicted(data: readonly string[], leases: readonly string[]): readonly string[] {
    return [...data, ...leases];
  }

  /** The mark of a generation, once this instance is allowed to store something in it. */
  protected markOf(mark: Mark, hasTags: boolean): Mark {
    return hasTags ? mark : '';
  }

  /** The floor of what is known of tags. `undefined`: some of it may be lost, so the generation must end. */
  protected floorOf(floor: number | undefined): number | undefined {
    return floor;
  }

  /** The entry that a fill stores. `seq` is the number of the last eviction now. */
  protected stored(raw: string, _seq: string | undefined): string {
    return raw;
  }

  /** Whether an entry counts as present: its life has not ended, and it is younger than this. */
  protected counts(raw: string, ageMs?: number): boolean {
    const lives = livesIn(raw);
    const now = Math.floor(this.micros / 1_000);
    if (ageMs === 0) return false;
    return lives === undefined || (now < lives.freshUntil && (ageMs === undefined || now - lives.writtenAt < ageMs));
  }

  #script(name: string, keys: readonly string[], args: readonly string[]): Reply {
    switch (name) {
      case 'acquire':
        return this.#acquire(keys, args);
      case 'fill':
        return this.#fill(keys, args);
      case 'release':
        return this.unlink(keys.filter((key, i) => this.get(key) === args[i]));
      case 'claim':
        return this.#claim(keys, args);
      case 'evict':
        return this.#evict(keys, args);
      case 'evict-tags':
        return this.#evictTags(keys as [string, string, string, string], args);
      case 'clear':
        return this.#clear(keys as [string, string, string, string, string], args);
      case 'renew':
        return this.#renew(keys[0] as string, args as [string, string, ...string[]]);
      case 'withheld':
        return Number(this.withholds('load', [`${keys[0]}${args[0]}`, `${keys[0]}*`]));
      case 'heartbeat':
        return this.heartbeat(keys, args);
      case 'leave':
        return this.leave(keys, args);
      case 'namesakes':
        return this.namesakes(keys[0] as string, args[0] as string);
      default:
        throw new Error(`NOSCRIPT The fake server does not know '${name}'.`);
    }
  }

  #acquire(keys: readonly string[], args: readonly string[]): Reply {
    const n = (keys.length - 3) / 2;
    const [stateKey, members] = keys.slice(2 * n) as [string, string];
    const state = this.#current(stateKey, args[0] as string);
    if ('reply' in state) return state.reply;
    const leases = Array.from({ length: n }, (_, i) => {
      const [data, lease, intents] = [keys[i], keys[n + i], keys.at(-1)] as [string, string, string];
      return this.#lease({ data, lease, members, intents: intentsOf(intents, [data], true), wish: args[4 + i] as string }, args);
    });
    const mark = this.markOf(state.mark, args[3] === '1');
    const isGranted = leases.some((lease) => (lease as Reply[])[0] === 'granted');
    if (isGranted && mark !== state.mark) this.rewrite(stateKey, { ...state, mark });
    return ['leases', state.seq as string, ...leases];
  }

  #lease(
    { data, lease, members, intents, wish }: { data: string; lease: string; members: string; intents: readonly string[]; wish: string },
    args: readonly string[],
  ): Reply {
    const [, token, leaseMs] = args as [string, string, string];
    if (wish === 'drop') this.unlink([data]);
    const value = this.get(data);
    if (value !== null && this.counts(value, /^\d/.test(wish) ? Number(wish) : undefined)) return ['present', value];
    const old = wish === 'old' && value !== null ? [value] : [];
    if (this.withholds('load', intents)) return ['withheld'];
    const held = this.get(lease);
    if (held !== null) {
      const holder = /^(.*)\|/.exec(held)?.[1];
      const score = holder === undefined ? undefined : this.memory.sets.get(members)?.get(holder);
      if (score !== undefined && score > this.now()) return ['busy', ...old];
    }
    this.set(lease, token, Number(leaseMs));
    return ['granted', ...old];
  }

  #fill(keys: readonly string[], [generation, ...values]: readonly string[]): Reply {
    const n = (keys.length - 1) / 2;
    const stored: number[] = [];
    for (let i = 0; i < n; i += 1) {
      stored.push(0);
      const [data, lease] = [keys[i] as string, keys[n + i] as string];
      const [token, raw, ttl] = values.slice(3 * i) as [string, string, string];
      const state = this.state(keys[2 * n] as string);
      if (!this.mayFill(state?.gen, generation as string, this.get(lease), token)) continue;
      this.set(data, ended(this.stored(`${raw}}`, state?.seq), Math.floor(this.micros / 1_000) + Number(ttl)), Number(ttl));
      this.unlink([lease]);
      stored[i] = 1;
    }
    return stored;
  }

  #claim(keys: readonly string[], args: readonly string[]): Reply {
    const [generation, token, leaseMs, channel, head, tail, keep, hasTags] = args as Eight;
    const n = (keys.length - 2) / 2;
    const stateKey = keys[2 * n] as string;
    const state = this.#current(stateKey, generation);
    if ('reply' in state) return state.reply;
    const present = this.get(keys[0] as string);
    if (keep === '1' && present !== null && this.counts(present)) return ['present', present];
    this.unlink(keys.slice(0, 2 * n));
    let withheld = 0;
    for (let i = 0; i < n; i += 1) {
      if (this.withholds('put', intentsOf(keys.at(-1) as string, [keys[i] as string], true))) withheld += 1;
      else this.set(keys[n + i] as string, token, Number(leaseMs));
    }
    const mark = this.markOf(state.mark, hasTags === '1');
    return ['granted', withheld, this.#announce(stateKey, { ...state, mark }, { channel, head, tail })];
  }

  #evict(keys: readonly string[], args: readonly string[]): Reply {
    const [generation, count, channel, head, tail, cache, listed, passing] = args as Eight;
    const [token, lengthMs] = args.slice(8) as [string | undefined, string];
    const n = Number(count);
    const [stateKey, members, hosts] = keys.slice(2 * n) as [string, string, string];
    const state = this.#current(stateKey, generation);
    if ('reply' in state) return state.reply;
    if (token !== undefined && lengthMs !== '' && !this.begins()) return ['done', 0, 0, null];
    const data = keys.slice(0, n);
    const removed = data.filter((key) => this.get(key) !== null).length;
    this.unlink(this.evicted(data, keys.slice(n, 2 * n)));
    if (token !== undefined) this.#intend(intentsOf(keys.at(-1) as string, data), token, lengthMs);
    const number = this.#announce(stateKey, state, { channel, head, tail });
    const heard = listed === '1' ? this.audience(members, hosts, cache) : null;
    if (passing === '1') this.forsake(members, hosts, new Map([[cache, [stateKey]]]));
    return ['done', number, removed, heard];
  }

  #evictTags([stateKey, members, hosts, tagsKey]: [string, string, string, string], args: readonly string[]): Reply {
    const [generation, channel, head, tail, cache, listed, passing] = args as Eight;
    const state = this.#current(stateKey, generation);
    if ('reply' in state) return state.reply;
    const floor = this.floorOf(this.tags.floor(tagsKey, state.gen));
    const isLast = Number(state.seq) + 1 >= LEAST_DAMAGED;
    if (isLast || state.mark !== PURE || floor === undefined) {
      const [gen] = this.fresh(Number(generation));
      const seq = isLast ? String(this.micros) : (state.seq as string);
      this.tags.begin(tagsKey, gen, seq);
      this.rewrite(stateKey, { ...state, seq, gen, mark: PURE });
      return ['generation', gen];
    }
    if (!this.tags.has(tagsKey)) this.tags.begin(tagsKey, state.gen, floor); // Only without a rule.
    const number = this.#announce(stateKey, state, { channel, head, tail });
    this.tags.note(tagsKey, number, args.slice(7));
    const heard = listed === '1' ? this.audience(members, hosts, cache) : null;
    if (passing === '1') this.forsake(members, hosts, new Map([[cache, [stateKey, tagsKey]]]));
    return ['done', number, 0, heard];
  }

  #clear([stateKey, members, hosts, intents, tags]: [string, string, string, string, string], args: readonly string[]): Reply {
    const [channel, head, tail, cache, listed, passing, known, hasTags] = args as Eight;
    const [token, lengthMs] = args.slice(8) as [string | undefined, string];
    const old = this.state(stateKey);
    const [gen, isLower] = this.fresh(Number(known), old?.gen);
    this.unlink([stateKey]);
    for (const key of this.cleared([...this.memory.sets.keys()])) this.memory.sets.delete(key);
    if (token !== undefined) this.#intend([`${intents}*`], token, lengthMs);
    const state: FakeState = { seq: old?.seq, gen, run: old?.run ?? this.runId, mark: hasTags === '1' ? PURE : '' };
    const number = this.#announce(stateKey, state, { channel, head, tail });
    if (hasTags === '1') this.tags.begin(tags, gen, number);
    const heard = listed === '1' ? this.audience(members, hosts, cache) : null;
    if (passing === '1') this.forsake(members, hosts, new Map([[cache, [stateKey, tags]]]));
    return ['done', number, gen, heard, isLower ? '1' : '0'];
  }

  #renew(intents: string, [token, lengthMs, ...fields]: readonly [string, string, ...string[]]): Reply {
    const keys = fields.map((field) => intents + field);
    if (!keys.every((key) => this.mayRenew(this.memory.sets.get(key)?.get(token)))) return 0;
    this.#intend(keys, token, lengthMs);
    return 1;
  }

  /** Sets or ends an intent. Where the last one ends, the set is gone. */
  #intend(keys: readonly string[], token: string, lengthMs: string): void {
    const now = this.now();
    for (const key of keys) {
      const set = this.members(key);
      if (lengthMs === '') for (const each of this.ended([...set.keys()], token)) set.delete(each);
      else set.set(token, now + Number(lengthMs));
      for (const [each, endsAt] of set) if (endsAt <= now) set.delete(each);
      if (set.size === 0) this.memory.sets.delete(key);
    }
  }

  /** The state under `key`, if the caller's generation is the current one; else what to answer. */
  #current(key: string, expected: string): FakeState | { readonly reply: Reply } {
    const state = this.state(key);
    if (state?.gen === expected) return state;
    if (state === undefined && this.get(key) !== null) return { reply: ['damaged'] };
    if (state !== undefined && (expected !== '' || state.run === this.runId)) return { reply: ['generation', state.gen] };
    const [gen] = this.fresh(Number(expected), state?.gen);
    this.set(key, `${state?.seq ?? this.micros}:${gen}:${this.runId}`, 0);
    return { reply: ['generation', gen] };
  }

  #announce(key: string, state: FakeState, { channel, head, tail }: Announcement): number {
    const next = Number(state.seq ?? this.firstNumber()) + 1;
    const isLast = next >= LEAST_DAMAGED;
    const number = isLast ? Number(this.firstNumber()) : next;
    this.rewrite(key, { ...state, seq: String(number), mark: isLast ? '' : state.mark });
    this.onPublish(channel, `${head}${number},"gen":"${state.gen}","at":${this.micros}${tail}`);
    return number;
  }
}

/**
 * Where the intents of these keys are kept: one set for each field of the hash that a real server has.
 *
 * @param all - whether an intent of everything counts as well.
 */
const intentsOf = (intents: string, data: readonly string[], all = false): readonly string[] => [
  ...data.map((key) => `${intents}:${key.slice(key.indexOf('::') + 2)}`),
  ...(all ? [`${intents}*`] : []),
];
