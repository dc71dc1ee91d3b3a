import { AsyncLocalStorage } from 'node:async_hooks';
import type { Batched } from '../../lib/cache/load-batch.js';
import { type ReadTicket, ReadTickets } from '../../lib/cache/local/read-tickets.js';
import type { LoadRequest } from '../../lib/cache/two-tier/load-call.js';
import { Loads, type LoadsOptions } from '../../lib/cache/two-tier/loads.js';
import type { SharedLoad } from '../../lib/cache/two-tier/shared-load.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { FakeRedis, type Request } from '../../lib/testing/simulation/fake-redis.js';
import type { Mutant } from './mutants.js';
import { BATCHED, BATCHED_AMONG_THREE, BATCHED_AND_NEEDING, BATCHED_AND_SLOW, BATCHED_IN_VAIN } from './profiles.js';

/** What is known of one key of a read of several keys. */
class Member implements Batched {
  /** `looks`: it is not known yet what becomes of it. `polls`: another instance holds its lease. */
  state: 'looks' | 'joins' | 'polls' | 'asked' | 'over' = 'looks';
  readonly group: Member[];
  readonly #batched: Batched;
  readonly #watchers: (() => void)[] = [];

  constructor(batched: Batched, group: Member[]) {
    this.#batched = batched;
    this.group = group;
    group.push(this);
  }

  get isNothing(): boolean {
    return this.#batched.isNothing;
  }

  get place(): number {
    return (this.#batched as unknown as { place: number }).place;
  }

  leaves(): void {
    this.#batched.leaves();
  }

  goes(on: Member['state']): void {
    this.state = on;
    for (const member of this.group) for (const check of member.#watchers.splice(0)) check();
  }

  /** Waits until this holds for all other keys of the read. */
  async others(isDone: (other: Member) => boolean): Promise<void> {
    while (!this.group.every((other) => other === this || isDone(other)))
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }
}

/** Loads that see which keys are read together, because they are asked for one after the other. */
class GroupedLoads extends Loads {
  protected readonly options: LoadsOptions;
  #group: Member[] = [];

  constructor(options: LoadsOptions) {
    super(options);
    this.options = options;
  }

  override load<V>(request: LoadRequest<V>, now: Milliseconds): Promise<V> {
    const { batched } = request;
    const joined = this.options.local.joinable(request.key, now, this.options.fillLeaseMs);
    if (batched === undefined) return this.wait(super.load(this.single(request, joined), now), joined);
    if ((batched as unknown as { place: number }).place === 1) this.#group = [];
    const member = new Member(batched, this.#group);
    let isCalling = true;
    const told: Batched = {
      get isNothing() {
        return member.isNothing;
      },
      leaves: () => {
        member.goes(isCalling ? 'joins' : 'polls');
        this.leaves(member);
      },
    };
    members.set(told, member);
    const loader: LoadRequest<V>['loader'] = async (context) => {
      await this.beforeRun(member);
      const before = member.state;
      member.goes('asked');
      const value = await this.ask(member, before, () => request.loader(context));
      return this.afterRun(member, value);
    };
    const loading = super.load({ ...request, batched: told, loader }, now);
    isCalling = false;
    const over = (): void => member.goes('over');
    loading.then(over, over);
    return this.wait(loading, joined);
  }

  /** A read of one key. */
  protected single<V>(request: LoadRequest<V>, _joined: SharedLoad | undefined): LoadRequest<V> {
    return request;
  }

  /** It is known of a key that it need not be loaded now. */
  protected leaves(member: Member): void {
    member.leaves();
  }

  protected ask<V>(_member: Member, _before: Member['state'], load: () => V): V {
    return load();
  }

  /** A key has its lease. */
  protected beforeRun(_member: Member): Promise<void> {
    return Promise.resolve();
  }

  protected afterRun<V>(_member: Member, value: V): V | Promise<V> {
    return value;
  }

  /** @param _joined - the load that was waited for. */
  protected wait<V>(loading: Promise<V>, _joined: SharedLoad | undefined): Promise<V> {
    return loading;
  }
}

const members = new WeakMap<Batched, Member>();

const hasSettled = ({ state }: Member): boolean => state === 'over';

/** Keys of a read settle when all of its keys have. */
class SettlingTogether extends GroupedLoads {
  readonly #back = new WeakSet<Member>();

  protected override async afterRun<V>(member: Member, value: V): Promise<V> {
    this.#back.add(member);
    member.goes('asked');
    await member.others((other) => this.#back.has(other) || hasSettled(other));
    return value;
  }
}

/** Who joins a load waits for all keys of its read. */
class JoiningBatches extends GroupedLoads {
  protected override async wait<V>(loading: Promise<V>, joined: SharedLoad | undefined): Promise<V> {
    const member = joined?.batched && members.get(joined.batched);
    const mayWait = joined?.needsCaller === false;
    const value = await loading;
    if (member !== undefined && mayWait) await member.others(hasSettled);
    return value;
  }
}

/** The first run waits for the keys that others load. */
class WaitingForJoins extends GroupedLoads {
  protected override leaves(member: Member): void {
    if (member.state !== 'joins') member.leaves();
  }
}

/** The first run waits for the keys whose lease another instance holds. */
class WaitingForLeases extends GroupedLoads {
  protected override leaves(member: Member): void {
    if (member.state !== 'polls') member.leaves();
  }
}

/** Who gets a lease late waits for the others that ask for one. */
class LateWaitsForLeases extends GroupedLoads {
  protected override async beforeRun(member: Member): Promise<void> {
    if (member.state !== 'polls') return;
    member.goes('asked');
    await member.others(({ state }) => state !== 'polls');
  }
}

/** Who gets a lease late waits for the keys that others load. */
class LateWaitsForJoins extends GroupedLoads {
  protected override async beforeRun(member: Member): Promise<void> {
    if (member.state === 'polls') await member.others(({ state }) => state !== 'joins');
  }
}

const outside = AsyncLocalStorage.snapshot();

/** Of the loads of a run, only that of the first key is known to wait for it. */
class HidingWhoWaits extends GroupedLoads {
  protected override ask<V>(member: Member, _before: Member['state'], load: () => V): V {
    return member.place === 1 ? load() : outside(load);
  }
}

/** A load asks again although the holder of its lease waits for it. */
class PollingOn extends Loads {
  constructor(options: LoadsOptions) {
    const { leases } = options;
    const take: typeof leases.take = (load, wish, begunAt) => {
      load.waitForLease = async (pause) => {
        await pause();
        return true;
      };
      return leases.take(load, wish, begunAt);
    };
    super({ ...options, leases: Object.assign(Object.create(leases) as typeof leases, { take, giveBack: leases.giveBack.bind(leases) }) });
  }
}

/** Leases that were not used stay. */
class KeepingLeases extends Loads {
  constructor(options: LoadsOptions) {
    const { leases } = options;
    const take = leases.take.bind(leases);
    super({ ...options, leases: Object.assign(Object.create(leases) as typeof leases, { take, giveBack: () => undefined }) });
  }
}

/** A read of one key that has joined a read of several takes whatever comes of that. */
class SharingFate extends GroupedLoads {
  protected override single<V>(request: LoadRequest<V>, joined: SharedLoad | undefined): LoadRequest<V> {
    if (joined?.batched === undefined) return request;
    return { ...request, batched: { isNothing: false, leaves: () => undefined } };
  }
}

/** The same of what a method of several keys leaves out. */
class SharingAbsence extends GroupedLoads {
  override load<V>(request: LoadRequest<V>, now: Milliseconds): Promise<V> {
    const { batched } = request;
    if (batched === undefined) return super.load(request, now);
    const silent = { isNothing: false, leaves: () => batched.leaves(), place: (batched as unknown as { place: number }).place };
    return super.load({ ...request, batched: silent }, now);
  }
}

/** All keys that are asked for in one turn have the ticket of the first. */
class SharingTickets extends ReadTickets<SharedLoad> {
  #first: ReadTicket<SharedLoad> | undefined;
  readonly #firsts = new WeakMap<ReadTicket<SharedLoad>, ReadTicket<SharedLoad>>();

  override begin(key: string): ReadTicket<SharedLoad> {
    const ticket = super.begin(key);
    if (this.#first === undefined) queueMicrotask(() => (this.#first = undefined));
    this.#firsts.set(ticket, (this.#first ??= ticket));
    return ticket;
  }

  override isValid(ticket: ReadTicket<SharedLoad>): boolean {
    return super.isValid(this.#firsts.get(ticket) ?? ticket);
  }
}

/** A fill of several keys is content with the lease of the first. */
class FillingTogether extends FakeRedis {
  #may: boolean | undefined;

  override execute(request: Request): ReturnType<FakeRedis['execute']> {
    this.#may = undefined;
    return super.execute(request);
  }

  protected override mayFill(...args: Parameters<FakeRedis['mayFill']>): boolean {
    const mayFill = super.mayFill(...args);
    this.#may ??= mayFill;
    return mayFill || this.#may;
  }
}

/** Without a read lease, reads of several keys join loads. */
class JoiningWithoutLease extends Loads {
  #isBatched = false;

  override load<V>(request: LoadRequest<V>, now: Milliseconds): Promise<V> {
    this.#isBatched = request.batched !== undefined;
    return super.load(request, now);
  }

  protected override mayJoin(...args: Parameters<Loads['mayJoin']>): boolean {
    return this.#isBatched || super.mayJoin(...args);
  }
}

const CIRCLE = /^C6\/C7: .* calls are under way/;

/** What keeps the promises for reads of several keys. */
export const BATCH_MUTANTS: readonly Mutant[] = [
  {
    without: 'settling each key of a read by itself',
    breaks: CIRCLE,
    script: { ...BATCHED, tiers: ['both', 'remote'], loadsOfAll: ['quick', 'slow', 'slow', 'slowFailing'] },
    flaws: { kinds: { Loads: SettlingTogether } },
  },
  {
    without: 'waiting for a key, rather than for the read it is part of',
    breaks: CIRCLE,
    script: BATCHED_AND_NEEDING,
    flaws: { kinds: { Loads: JoiningBatches } },
  },
  {
    without: 'loading the own keys before waiting for those that others load',
    breaks: CIRCLE,
    script: BATCHED_AND_NEEDING,
    flaws: { kinds: { Loads: WaitingForJoins } },
  },
  {
    without: 'loading the own keys before waiting for leases',
    breaks: CIRCLE,
    script: BATCHED,
    flaws: { kinds: { Loads: WaitingForLeases } },
  },
  {
    without: 'a run at once for a lease that comes late, while others are waited for',
    breaks: CIRCLE,
    script: BATCHED_AMONG_THREE,
    flaws: { kinds: { Loads: LateWaitsForLeases } },
  },
  {
    without: 'a run at once for a lease that comes late, while others load',
    breaks: CIRCLE,
    script: BATCHED_AND_NEEDING,
    flaws: { kinds: { Loads: LateWaitsForJoins } },
  },
  {
    without: 'knowing of each key of a run that it waits for the run',
    breaks: CIRCLE,
    script: BATCHED_AND_NEEDING,
    flaws: { kinds: { Loads: HidingWhoWaits } },
  },
  {
    without: 'asking who waits for whom before a lease is waited for',
    breaks: CIRCLE,
    script: BATCHED_AND_NEEDING,
    flaws: { kinds: { Loads: PollingOn } },
  },
  { without: 'giving unused leases back', breaks: CIRCLE, script: BATCHED_IN_VAIN, flaws: { kinds: { Loads: KeepingLeases } } },
  {
    without: 'a load of its own for a read of one key when a method of several fails',
    breaks: /^C7: .* by a method of one key failed with one of several/,
    script: { ...BATCHED_IN_VAIN, loadsOfAll: ['slowFailing', 'failing', 'slow'] },
    flaws: { kinds: { Loads: SharingFate } },
  },
  {
    without: 'a load of its own for a read of one key that a method of several leaves out',
    breaks: /^C7: .* returned nothing/,
    script: BATCHED_IN_VAIN,
    flaws: { kinds: { Loads: SharingAbsence } },
  },
  { without: 'a ticket for each key', breaks: /^C5: L1/, script: BATCHED, flaws: { kinds: { ReadTickets: SharingTickets } } },
  { without: 'checking the lease of each key of a fill', breaks: /^C5: L2/, script: BATCHED, flaws: { server: FillingTogether } },
  {
    without: 'asking for a lease of reads of several keys that join a load',
    breaks: /^C2|^C5|^C4/,
    script: BATCHED_AND_SLOW,
    flaws: { kinds: { Loads: JoiningWithoutLease } },
  },
];
