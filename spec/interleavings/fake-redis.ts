import { ended, ENDLESS_MS } from '../../lib/cache/index.js';
import { isGeneration, LEAST_DAMAGED } from '../../lib/eviction/generation.js';
import type { Milliseconds } from '../../lib/time/index.js';

/** What a client of the {@link FakeRedis} asks. */
export type Request =
  | { readonly kind: 'script'; readonly name: string; readonly keys: readonly string[]; readonly args: readonly string[] }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'mget'; readonly keys: readonly string[] }
  | { readonly kind: 'publish'; readonly channel: string; readonly body: string };

/** What a server remembers, and may remember again when it comes back from an old snapshot. */
export interface Memory {
  readonly strings: Map<string, { readonly value: string; readonly endsAt: Milliseconds }>;
  readonly sets: Map<string, Map<string, Milliseconds>>;
}

type Reply = string | number | boolean | null | Reply[];

/** How long the bookkeeping of a cache outlives the last instance that has it. */
const FORSAKEN_MS: Milliseconds = ENDLESS_MS + 86_400_000;

/**
 * A Redis server in a few lines: it knows our scripts by name and does what their Lua does (`lib/eviction/scripts.ts`), one request at a
 * time, each as a whole. `fake-redis.int.spec.ts` holds it against a real server. Its clock is `Date`, which specs move by hand.
 *
 * What a rule of the scripts is worth is shown by subclasses that leave it out, so each such rule is a method of its own.
 */
export class FakeRedis {
  memory: Memory = { strings: new Map(), sets: new Map() };
  runId = 'a1';
  /** Told of every message the moment it is published. Answers how many it goes to. */
  onPublish: (channel: string, body: string) => number = () => 0;
  /** By how much its clock was set, since the beginning. */
  clockOffsetMs: Milliseconds = 0;
  #micros = 0;

  /** Runs one request. */
  execute(request: Request): Reply {
    this.#micros = Math.max(this.#micros + 1, Date.now() * 1_000); // A script takes a while, and sees one time throughout.
    switch (request.kind) {
      case 'get':
        return this.get(request.key);
      case 'mget':
        return request.keys.map((key) => this.get(key));
      case 'publish':
        return this.onPublish(request.channel, request.body);
      case 'script':
        return this.#script(request.name, request.keys, request.args);
    }
  }

  /** What lies under `key` now, as GET answers. */
  get(key: string): string | null {
    const held = this.memory.strings.get(key);
    if (held === undefined || held.endsAt <= Date.now()) return null;
    return held.value;
  }

  /** A copy of everything, to {@link restart} with. */
  snapshot(): Memory {
    return {
      strings: new Map(this.memory.strings),
      sets: new Map([...this.memory.sets].map(([key, set]) => [key, new Map(set)])),
    };
  }

  /** Comes back as another process: with nothing, or with what a snapshot holds. Connections are the caller's business. */
  restart(memory: Memory = { strings: new Map(), sets: new Map() }): void {
    this.memory = memory;
    this.runId = `${(Number.parseInt(this.runId, 16) + 1).toString(16)}`;
  }

  /** Another program writes a key, or (`undefined`) removes it. */
  overwrite(key: string, value: string | undefined): void {
    if (value === undefined) this.memory.strings.delete(key);
    else this.#set(key, value, 0);
  }

  /** FLUSHALL. */
  flush(): void {
    this.memory = { strings: new Map(), sets: new Map() };
  }

  /** Whether a fill may be stored: the generation is still the current one, and the lease still the caller's. */
  protected mayFill(current: string | null, generation: string, held: string | null, token: string): boolean {
    return current === generation && held === token;
  }

  /** Whether the data may be of another time than the caller has seen: its generation is abandoned then. */
  protected isAnotherTime(rid: string | null, gen: string | null, known: number): boolean {
    return rid !== `${this.runId}:${gen}` || gen === null || known > Number(gen);
  }

  /** Whether another program has put this generation there: our scripts write it behind the run id as well. */
  protected isForeign(rid: string | null, gen: string): boolean {
    return rid === null || /:(\d+)$/.exec(rid)?.[1] !== gen;
  }

  /** Whether what is stored can be no generation or number. */
  protected isDamaged(number: string | null, stored: string | null): boolean {
    return number === null && stored !== null;
  }

  /** Whether the clock may have been set since the list of the living was last written to. */
  protected hasStepped(now: Milliseconds, last: Milliseconds, longest: Milliseconds): boolean {
    return Math.abs(now - last) > longest / 2;
  }

  /** The number that counts the next message; it must not have been used before in its generation. */
  protected firstNumber(): string {
    return String(this.#micros);
  }

  /** Which keys an eviction removes. */
  protected evicted(data: readonly string[], leases: readonly string[]): readonly string[] {
    return [...data, ...leases];
  }

  #script(name: string, keys: readonly string[], args: readonly string[]): Reply {
    switch (name) {
      case 'acquire':
        return this.#acquire(keys, args);
      case 'fill':
        return this.#fill(keys, args);
      case 'release':
        return this.get(keys[0] as string) === args[0] ? this.#unlink([keys[0] as string]) : 0;
      case 'claim':
        return this.#claim(keys, args);
      case 'evict':
        return this.#evict(keys, args);
      case 'clear':
        return this.#clear(keys as [string, string, string, string, string], args);
      case 'heartbeat':
        return this.#heartbeat(keys, args);
      case 'leave':
        for (let i = 0; i < keys.length; i += 5) {
          this.#members(keys[i + 3] as string).delete(args[0] as string);
          this.#forsake(keys.slice(i, i + 5));
        }
        return 1;
      default:
        throw new Error(`NOSCRIPT The fake server does not know '${name}'.`);
    }
  }

  #acquire(keys: readonly string[], args: readonly string[]): Reply {
    const n = (keys.length - 3) / 2;
    const [gen, members, rid] = keys.slice(2 * n) as [string, string, string];
    const moved = this.#moved(gen, rid, args[0] as string);
    if (moved !== undefined) return moved;
    return ['leases', ...Array.from({ length: n }, (_, i) => this.#lease(keys[i] as string, keys[n + i] as string, members, args))];
  }

  #lease(data: string, lease: string, members: string, args: readonly string[]): Reply {
    const [, token, leaseMs, replace] = args as [string, string, string, string];
    if (replace === '1') this.#unlink([data]);
    const value = this.get(data);
    if (value !== null) return ['present', value];
    const held = this.get(lease);
    if (held !== null) {
      const holder = /^(.*)\|/.exec(held)?.[1];
      const score = holder === undefined ? undefined : this.memory.sets.get(members)?.get(holder);
      if (score !== undefined && score > this.#now()) return ['busy'];
    }
    this.#set(lease, token, Number(leaseMs));
    return ['granted'];
  }

  #fill(keys: readonly string[], [generation, ...values]: readonly string[]): Reply {
    const n = (keys.length - 1) / 2;
    const stored: number[] = [];
    for (let i = 0; i < n; i += 1) {
      stored.push(0);
      const [data, lease] = [keys[i] as string, keys[n + i] as string];
      const [token, raw, ttl] = values.slice(3 * i) as [string, string, string];
      if (!this.mayFill(this.get(keys[2 * n] as string), generation as string, this.get(lease), token)) continue;
      this.#set(data, ended(`${raw}}`, Math.floor(this.#micros / 1_000) + Number(ttl)), Number(ttl));
      this.#unlink([lease]);
      stored[i] = 1;
    }
    return stored;
  }

  #claim(keys: readonly string[], args: readonly string[]): Reply {
    const [generation, token, leaseMs, channel, head, tail, keep] = args as [string, string, string, string, string, string, string];
    const n = (keys.length - 3) / 2;
    const [seq, gen, rid] = keys.slice(2 * n) as [string, string, string];
    const moved = this.#moved(gen, rid, generation);
    if (moved !== undefined) return moved;
    const present = this.get(keys[0] as string);
    if (keep === '1' && present !== null) return ['present', present];
    this.#unlink(keys.slice(0, 2 * n));
    for (const lease of keys.slice(n, 2 * n)) this.#set(lease, token, Number(leaseMs));
    this.#announce(seq, channel, head, generation, tail);
    return ['granted'];
  }

  #evict(keys: readonly string[], args: readonly string[]): Reply {
    const [generation, count, channel, head, tail, listed, passing] = args as [string, string, string, string, string, string, string];
    const n = Number(count);
    const [seq, gen, members, born, rid] = keys.slice(2 * n) as [string, string, string, string, string];
    const moved = this.#moved(gen, rid, generation);
    if (moved !== undefined) return moved;
    const data = keys.slice(0, n);
    const removed = data.filter((key) => this.get(key) !== null).length;
    this.#unlink(this.evicted(data, keys.slice(n, 2 * n)));
    const number = this.#announce(seq, channel, head, generation, tail);
    const heard = listed === '1' ? this.#audience(members, born) : null;
    if (passing === '1') this.#forsake([seq, gen, rid, members, born]);
    return ['done', number, removed, heard];
  }

  #clear([seq, gen, members, born, rid]: [string, string, string, string, string], args: readonly string[]): Reply {
    const [channel, head, tail, listed, known, passing] = args as [string, string, string, string, string, string];
    const old = this.#number(gen);
    const [next, isLower] = this.#fresh(Number(known), old);
    this.#set(gen, next, 0);
    const of = old === null ? undefined : /^([0-9a-f]+):/.exec(this.get(rid) ?? '')?.[1];
    this.#set(rid, `${of ?? this.runId}:${next}`, 0);
    const number = this.#announce(seq, channel, head, next, tail);
    const heard = listed === '1' ? this.#audience(members, born) : null;
    if (passing === '1') this.#forsake([seq, gen, rid, members, born]);
    return ['done', number, next, heard, isLower ? '1' : '0'];
  }

  #heartbeat(keys: readonly string[], args: readonly string[]): Reply {
    const [member, leaseMs, channel, head, longestKnown, ...known] = args as [string, string, string, string, string, ...string[]];
    const states: string[] = [];
    const out: string[] = [];
    let longest = Number(leaseMs);
    if (keys.length === 1) this.#set(keys[0] as string, member, 10 * Number(leaseMs));
    known.forEach((seen, i) => {
      const [seqKey, genKey, ridKey, membersKey, bornKey] = keys.slice(5 * i) as [string, string, string, string, string];
      let gen = this.#number(genKey);
      let seq = this.#number(seqKey);
      const stored = this.get(genKey);
      const isForeign = gen !== null && this.isForeign(this.get(ridKey), gen);
      let isReplaced = this.isDamaged(gen, stored) || this.isDamaged(seq, this.get(seqKey)) || isForeign;
      if (!isReplaced && gen === null) gen = this.get(genKey);
      const isAnotherTime = isReplaced || this.isAnotherTime(this.get(ridKey), gen, Number(seen));
      if (isAnotherTime) {
        const [fresh, isLower] = this.#fresh(Number(seen), gen);
        gen = fresh;
        isReplaced ||= isLower;
        this.#set(ridKey, `${this.runId}:${gen}`, 0);
        this.#set(genKey, gen, 0);
      }
      if (seq === null) this.#set(seqKey, (seq = this.firstNumber()), 0);
      longest = Math.max(
        longest,
        this.#live({ membersKey, bornKey, others: [seqKey, genKey, ridKey] }, isAnotherTime, member, Number(leaseMs), Number(longestKnown)),
      );
      states.push(`["${seq}","${gen}"]`);
      out.push(seq, gen as string, isReplaced ? '1' : '0');
    });
    const reached = this.onPublish(channel, `${head}${states.join(',')}]}`);
    return [...out, String(longest), String(this.#micros), String(reached)];
  }

  /** Puts a member on the list of the living, and takes off who cannot be alive. Answers the longest bound on it. */
  #live(
    { membersKey, bornKey, others }: { readonly membersKey: string; readonly bornKey: string; readonly others: readonly string[] },
    isAnotherTime: boolean,
    member: string,
    leaseMs: Milliseconds,
    known: Milliseconds,
  ): Milliseconds {
    const now = this.#now();
    const members = this.#members(membersKey);
    const found = this.#age(bornKey, now);
    const born = isAnotherTime || members.size === 0 ? undefined : found.born;
    let longest = Math.max(found.longest ?? known, leaseMs);
    const before = members.size;
    for (const [each, until] of members) if (Math.abs(until - now) >= 2 * longest) members.delete(each);
    const hasLeft = members.size < before;
    if (!members.has(member)) this.#rewrite(others, 0);
    members.set(member, now + leaseMs);
    if (hasLeft && born !== undefined && now - born > 2 * longest) {
      longest = Math.max(leaseMs, ...[...members.keys()].map((each) => Number(/:(\d+)$/.exec(each)?.[1] ?? 0)));
    }
    this.#set(bornKey, `${born ?? now}:${now}:${longest}`, 0);
    return longest;
  }

  /** Since when the list of the living is known, unless the clock may have been set since it was last written to. */
  #age(bornKey: string, now: Milliseconds): { born?: Milliseconds; longest?: Milliseconds } {
    const [, born, last, longest] = /^(\d+):(\d+):(\d+)$/.exec(this.get(bornKey) ?? '') ?? [];
    if (longest === undefined) return {};
    return this.hasStepped(now, Number(last), Number(longest))
      ? { longest: Number(longest) }
      : { born: Number(born), longest: Number(longest) };
  }

  #moved(genKey: string, ridKey: string, expected: string): Reply | undefined {
    let current = this.get(genKey);
    if (current === expected) return undefined;
    if (current === null) {
      this.#set(genKey, (current = String(this.#micros)), 0);
      this.#set(ridKey, `${this.runId}:${current}`, 0);
    } else if (!isGeneration(current) || this.isForeign(this.get(ridKey), current)) {
      return ['damaged'];
    }
    return ['generation', current];
  }

  /** The generation or number under `key`; `null` if there is none, or what is there cannot be one. */
  #number(key: string): string | null {
    const stored = this.get(key);
    return isGeneration(stored) ? stored : null;
  }

  #fresh(known: number, stored: string | null): [generation: string, isLower: boolean] {
    const next = Math.max(this.#micros, known + 1, Number(stored ?? 0) + 1);
    return next < LEAST_DAMAGED ? [String(next), false] : [String(this.#micros), true];
  }

  #announce(seqKey: string, channel: string, head: string, gen: string, tail: string): number {
    const last = this.get(seqKey);
    let seq = /^(0|-?[1-9]\d*)$/.test(last ?? '') ? Number(last) + 1 : 1;
    let endsAt = this.memory.strings.get(seqKey)?.endsAt ?? Infinity; // INCR leaves an end as it is, and SET takes it away.
    if (seq < 2 || seq >= LEAST_DAMAGED) [seq, endsAt] = [Number(this.firstNumber()), Infinity];
    this.memory.strings.set(seqKey, { value: String(seq), endsAt });
    this.onPublish(channel, `${head}${seq},"gen":"${gen}","at":${this.#micros}${tail}`);
    return seq;
  }

  #audience(membersKey: string, bornKey: string): Reply {
    const now = this.#now();
    const { born, longest } = this.#age(bornKey, now);
    const members = [...this.#members(membersKey).keys()];
    return [
      String(now),
      born === undefined || members.length === 0 ? '' : String(born),
      longest === undefined ? '' : String(longest),
      members,
    ];
  }

  /** What its clock says. Generations and numbers, which only ever grow, do not follow when it is set. */
  #now(): Milliseconds {
    return Math.floor(this.#micros / 1_000) + this.clockOffsetMs;
  }

  #rewrite(keys: readonly string[], ttlMs: Milliseconds): void {
    for (const key of keys) {
      const value = this.get(key);
      if (value !== null) this.#set(key, value, ttlMs);
    }
  }

  #forsake(bookkeeping: readonly string[]): void {
    const [seq, gen, rid, membersKey, born] = bookkeeping as [string, string, string, string, string];
    const now = this.#now();
    const members = this.#members(membersKey);
    if ([...members.values()].some((until) => until > now)) return;
    members.clear();
    this.#rewrite([seq, gen, rid, born], FORSAKEN_MS);
  }

  #members(key: string): Map<string, Milliseconds> {
    let set = this.memory.sets.get(key);
    if (set === undefined) this.memory.sets.set(key, (set = new Map()));
    return set;
  }

  #set(key: string, value: string, ttlMs: Milliseconds): void {
    this.memory.strings.set(key, { value, endsAt: ttlMs === 0 ? Infinity : Date.now() + ttlMs });
  }

  #unlink(keys: readonly string[]): number {
    return keys.filter((key) => this.memory.strings.delete(key)).length;
  }
}
