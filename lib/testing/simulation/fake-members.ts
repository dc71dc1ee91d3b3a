import { ENDLESS_MS } from '../../cache/index.js';
import { LEAST_DAMAGED, PURE } from '../../eviction/index.js';
import type { Milliseconds } from '../../time/index.js';
import { type FakeState, FakeStore } from './fake-store.js';

/** What a script answers. */
export type Reply = string | number | boolean | null | Reply[];

/** The arguments of a script that has at least as many. */
export type Eight = [string, string, string, string, string, string, string, string];

/** How long the bookkeeping of a cache outlives the last instance that has it. */
const FORSAKEN_MS: Milliseconds = ENDLESS_MS + 86_400_000;

/** The part of a {@link FakeRedis} that knows who is alive: heartbeats, and who hears an eviction. */
export class FakeMembers extends FakeStore {
  /** Told of every message the moment it is published. Answers how many it goes to. */
  onPublish: (channel: string, body: string) => number = () => 0;

  /** Whether the data may be of another time than the caller has seen: its generation is abandoned then. */
  protected isAnotherTime(state: FakeState | undefined, known: number): boolean {
    return state === undefined || state.run !== this.runId || known > Number(state.gen);
  }

  /** Whether the clock may have been set since the list of the living was last written to. */
  protected hasStepped(now: Milliseconds, last: Milliseconds, longest: Milliseconds): boolean {
    return Math.abs(now - last) > longest / 2;
  }

  /** The number that counts the next message; it must not have been used before in its generation. */
  protected firstNumber(): string {
    return String(this.micros);
  }

  /** Whether an instance that says it has these caches, or says nothing, may have this one. */
  protected isHost(caches: readonly string[] | undefined, cache: string): boolean {
    return caches === undefined || caches.includes(cache);
  }

  /** Whether a later heartbeat has written these names of an instance's caches. They only grow. */
  protected isLater(written: string | undefined, names: string): boolean {
    return written !== undefined && written !== '' && (names === '' || written.startsWith(`${names},`));
  }

  protected heartbeat([membersKey, hostsKey, ...keys]: readonly string[], args: readonly string[]): Reply {
    const [member, leaseMs, channel, head, longestKnown, names, known, run] = args as Eight;
    const tagged = (args[8] as string).split(',').filter((number) => number !== '');
    const stateKeys = keys.slice(0, keys.length - tagged.length);
    const tagsOf = new Map(tagged.map((number, i) => [Number(number) - 1, keys[stateKeys.length + i] as string]));
    const each = known.split(',');
    const members = this.members(membersKey as string);
    const hosts = this.hosts(hostsKey as string);
    // Lines were lost.
    if (Number(members.get(member)) > this.now() && !hosts.has(member)) members.delete(`:born:${this.runId}`);
    const longest = this.#live([membersKey as string, hostsKey as string], member, Number(leaseMs), Number(longestKnown));
    const written = hosts.get(member);
    const isWritten = written === names || this.isLater(written, names);
    if (!members.has(member) || !isWritten) for (const key of [membersKey as string, ...keys]) this.persist(key);
    if (!isWritten) hosts.set(member, names);
    members.set(member, this.now() + Number(leaseMs));
    const isKnown = run === this.runId && stateKeys.map((key) => this.get(key)).join(',') === known;
    const replaced: number[] = [];
    const states = stateKeys.map((key, i) => {
      const stored = this.get(key);
      const state = this.state(key);
      const seen = Number(/:(\d+):/.exec(each[i] as string)?.[1] ?? each[i]);
      const tags = tagsOf.get(i);
      const areTagsLost = !isKnown && tags !== undefined && state !== undefined && this.tags.floor(tags, state.gen) === undefined;
      if (!this.isAnotherTime(state, seen) && !areTagsLost) return stored as string;
      const [gen, isLower] = this.fresh(seen, state?.gen);
      if (isLower || (stored !== null && state === undefined)) replaced.push(i);
      const seq = state?.seq ?? this.firstNumber();
      if (tags !== undefined) this.tags.begin(tags, gen, seq);
      const next = `${seq}:${gen}:${this.runId}${tags === undefined ? '' : PURE}`;
      this.set(key, next, 0);
      return next;
    });
    const text = states.join(',');
    const reached = this.onPublish(channel, `${head}${text}"}`);
    return [isKnown ? '' : text, replaced.join(','), longest, String(Math.floor(this.micros / 1e6)), String(this.micros % 1e6), reached];
  }

  protected namesakes(membersKey: string, name: string): number {
    const now = this.now();
    return [...this.members(membersKey)].filter(([member, until]) => member.startsWith(name) && until > now).length;
  }

  protected leave([membersKey, hostsKey, ...keys]: readonly string[], [member, ...caches]: readonly string[]): Reply {
    const members = this.members(membersKey as string);
    members.delete(member as string);
    if (members.size === 0) this.memory.ends.delete(membersKey as string);
    this.hosts(hostsKey as string).delete(member as string);
    const own = caches.map((cache, i): [string, readonly string[]] => [cache, keys.slice(3 * i, 3 * i + 3)]);
    this.forsake(membersKey as string, hostsKey as string, new Map(own));
    return 1;
  }

  /**
   * Takes off the list of the living who cannot be alive, and notes its age. Answers the longest bound on it.
   */
  #live([membersKey, hostsKey]: readonly [string, string], member: string, leaseMs: Milliseconds, known: Milliseconds): Milliseconds {
    const now = this.now();
    const members = this.members(membersKey);
    const { born, longest: found } = this.#age(membersKey, now);
    let longest = Math.max(found ?? known, leaseMs);
    const last = members.get(':last');
    const isTime = last === undefined || Math.floor(now / longest) !== Math.floor(last / longest);
    for (const [each, until] of isTime ? members : []) {
      if (each.startsWith(':') || Math.abs(until - now) < 2 * longest) continue;
      if (each !== member) members.delete(each);
      this.hosts(hostsKey).delete(each);
    }
    if (born === undefined) for (const each of members.keys()) if (each.startsWith(':')) members.delete(each);
    if (isTime && born !== undefined && now - born > 2 * longest) {
      const bounds = [...members.keys()].filter((each) => each !== member).map((each) => Number(/^[^:].*:(\d+)$/.exec(each)?.[1] ?? 0));
      longest = Math.max(leaseMs, ...bounds);
    }
    members.set(`:born:${this.runId}`, born ?? now);
    members.set(':last', now);
    members.set(':longest', longest);
    return longest;
  }

  /**
   * Since when the list of the living is known, unless the clock may have been set since it was last written
   * to.
   */
  #age(membersKey: string, now: Milliseconds): { born?: Milliseconds | undefined; longest?: Milliseconds | undefined } {
    const members = this.members(membersKey);
    const [born, last, longest] = [`:born:${this.runId}`, ':last', ':longest'].map((mark) => members.get(mark));
    if (longest === undefined) return {};
    if (born === undefined || born > now || last === undefined || this.hasStepped(now, last, longest)) return { longest };
    return { born, longest };
  }

  protected audience(membersKey: string, hostsKey: string, cache: string): Reply {
    const now = this.now();
    const { born, longest } = this.#age(membersKey, now);
    const hosts = this.hosts(hostsKey);
    const members = [...this.members(membersKey).keys()].filter(
      (each) => !each.startsWith(':') && this.isHost(hosts.get(each)?.split(','), cache),
    );
    return [String(now), born === undefined ? '' : String(born), longest === undefined ? '' : String(longest), members];
  }

  protected forsake(membersKey: string, hostsKey: string, caches: ReadonlyMap<string, readonly string[]>): void {
    const now = this.now();
    const hosts = this.hosts(hostsKey);
    const members = [...this.members(membersKey)].filter(([each]) => !each.startsWith(':'));
    for (const [each, until] of members) if (until <= now) hosts.delete(each);
    const living = members.filter(([, until]) => until > now).map(([each]) => hosts.get(each));
    if (living.length === 0) {
      hosts.clear();
      if (this.members(membersKey).size > 0) this.memory.ends.set(membersKey, this.time() + FORSAKEN_MS);
    }
    if (living.includes(undefined)) return;
    const kept = new Set(living.flatMap((names) => names?.split(',')));
    for (const key of [...caches].flatMap(([cache, keys]) => (kept.has(cache) ? [] : keys))) {
      const value = this.get(key);
      if (value !== null) this.set(key, value, FORSAKEN_MS);
      if (this.tags.has(key)) this.memory.ends.set(key, this.time() + FORSAKEN_MS);
    }
  }

  protected fresh(known: number, stored = '0'): [generation: string, isLower: boolean] {
    const next = Math.max(this.micros, known + 1, Number(stored) + 1);
    return next < LEAST_DAMAGED ? [String(next), false] : [String(this.micros), true];
  }
}
