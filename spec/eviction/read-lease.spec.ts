import { expect } from 'chai';
import sinon from 'sinon';
import { type CoherentCache, Generation } from '../../lib/cache/index.js';
import type { CacheState } from '../../lib/eviction/cache-state.js';
import type { BeatenCache, Heartbeat, Pulse } from '../../lib/eviction/heartbeat.js';
import { BEATS_PER_BOUND } from '../../lib/eviction/index.js';
import { ReadLease } from '../../lib/eviction/read-lease.js';
import { CacheEvents } from '../../lib/event/index.js';
import { FakeClock } from '../support/fake-clock.js';

const BOUND = 1_000;

/** A generation that notes what it is told. */
class NotedGeneration extends Generation {
  rumour: string | undefined;
  readonly #note: (what: string) => void;
  constructor(current: string | undefined, note: (what: string) => void) {
    super(current);
    this.#note = note;
  }
  override follow(newer: string, isReplacement?: boolean): void {
    const before = this.current;
    super.follow(newer, isReplacement);
    if (this.current !== before) this.#note(`generation ${newer}`);
  }
  override doubt(generation: string, cause: 'remote' | 'coherence'): void {
    this.rumour = generation;
    this.#note(`rumour ${generation}, ${cause}`);
    super.doubt(generation, cause);
  }
  override trust(): void {
    this.rumour = undefined;
    super.trust();
  }
}

/** A cache that notes what it is told. */
class NotedCache implements CoherentCache {
  readonly generation: NotedGeneration;
  readonly hasTags = false;
  clears: string[] = [];
  #until = Number.POSITIVE_INFINITY;
  constructor(
    readonly name = 'book',
    generation: string | undefined = '5',
  ) {
    this.generation = new NotedGeneration(generation, (what) => void this.clears.push(what));
  }
  apply(): void {
    throw new Error("The lease judges numbers; applying is the listener's.");
  }
  missed(cause: string): void {
    this.clears.push(cause);
  }
  heard(): void {}
  holdLeaseUntil(time: number): void {
    this.#until = time;
  }
  isServing(now: number): boolean {
    return now <= this.#until;
  }
}

/** A heartbeat whose answers come when the spec says so. */
class HandHeartbeat implements Heartbeat {
  readonly beats: {
    readonly caches: readonly BeatenCache[];
    readonly head: string;
    readonly answer: (states: readonly CacheState[], reached?: number) => void;
  }[] = [];
  pulse(caches: readonly BeatenCache[], head: string): Promise<Pulse> {
    return new Promise((resolve) => {
      this.beats.push({ caches, head, answer: (states, reached = 1) => resolve({ states, reached }) });
    });
  }
  leave(): Promise<void> {
    return Promise.resolve();
  }
}

describe(ReadLease.name, () => {
  let clock: FakeClock;
  let timers: sinon.SinonFakeTimers;
  let heartbeat: HandHeartbeat;
  let events: CacheEvents;
  let lease: ReadLease;
  let cache: NotedCache;
  let told: unknown[];
  let forged: string[];
  let failures: unknown[];
  let unheard: number[];

  const state = (seq: number, gen = '5'): CacheState => ({ seq, gen, run: 'ab', text: `${seq}:${gen}:ab` });
  const isServing = (): boolean => cache.isServing(clock.now());
  /** Both scales move together, as they do unless the machine is suspended. */
  const pass = (ms: number): void => {
    clock.advance(ms);
    timers.tick(ms);
  };
  const number = ({ head }: { readonly head: string }): number => Number(/"beat":(\d+)/.exec(head)![1]);
  /** Sends a heartbeat and returns its number. */
  const beat = (): number => {
    void lease.beat();
    return number(heartbeat.beats.at(-1)!);
  };
  /** Answers beat `of`, and waits until that is applied. */
  const reply = (of: number, ...states: CacheState[]): Promise<void> => replyOf(1, of, ...states);
  /** The same, with how many the beat reached. */
  const replyOf = async (reached: number, of: number, ...states: CacheState[]): Promise<void> => {
    heartbeat.beats.find((each) => number(each) === of)!.answer(states, reached);
    for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
  };
  /** Subscribed, proven by an echo that names message `seq` as the last. */
  const prove = (seq: number): void => {
    lease.subscribed(['book'], 0);
    lease.echoed(beat(), [state(seq)]);
    cache.clears = [];
  };

  beforeEach(() => {
    timers = sinon.useFakeTimers({
      now: 1_700_000_000_000,
      toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    clock = new FakeClock();
    heartbeat = new HandHeartbeat();
    events = new CacheEvents();
    told = [];
    for (const name of ['bypass', 'gap'] as const) events.on(name, (event) => void told.push({ [name]: event }));
    [forged, failures, unheard] = [[], [], []];
    events.on('error', ({ error }) => void failures.push(error));
    lease = new ReadLease({ clock, events, boundMs: BOUND, heartbeat, whenUnheard: (times) => unheard.push(times) });
    lease.onForged((name) => forged.push(name));
    cache = new NotedCache();
    lease.follow(cache);
  });

  afterEach(() => {
    lease.stop();
    timers.restore();
  });

  describe('follow', () => {
    it('serves nothing before the topic is confirmed and an echo has come', () => {
      expect(isServing()).to.equal(false);
      const before = beat();
      lease.echoed(before, [state(3)]);
      expect(isServing(), 'an echo without a subscription').to.equal(false);
      lease.subscribed(['book'], 0);
      expect(isServing(), 'a subscription without an echo').to.equal(false);
      lease.echoed(beat(), [state(3)]);
      expect(isServing()).to.equal(true);
      expect(cache.clears, 'what it held before anything was proven').to.deep.equal(['coherence']);
    });
  });

  describe('echoed', () => {
    it('counts from the moment the heartbeat was sent, not from its echo', () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      const sentAt = clock.now();
      pass(400);
      lease.echoed(number, [state(0)]);
      expect(isServing()).to.equal(true);
      pass(sentAt + BOUND - clock.now());
      expect(isServing(), 'at the very end of the bound').to.equal(true);
      pass(1);
      expect(isServing()).to.equal(false);
    });

    it('proves nothing when it comes later than the bound', () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      pass(BOUND + 1);
      lease.echoed(number, [state(0)]);
      expect(isServing()).to.equal(false);
    });

    it('proves nothing when its heartbeat was sent before the topic was confirmed', () => {
      const early = beat();
      lease.subscribed(['book'], 0);
      lease.echoed(early, [state(0)]);
      expect(isServing()).to.equal(false);
    });

    it('proves nothing when its heartbeat was sent on an earlier connection', () => {
      prove(0);
      const early = beat();
      lease.lost(1);
      lease.subscribed(['book'], 1);
      lease.echoed(early, [state(0)]);
      expect(isServing()).to.equal(false);
      lease.echoed(beat(), [state(0)]);
      expect(isServing()).to.equal(true);
    });

    it('proves nothing for a topic that was not confirmed again after a loss', () => {
      prove(0);
      lease.lost(1);
      lease.echoed(beat(), [state(0)]);
      expect(isServing()).to.equal(false);
    });

    it('is taken once, and an older one after a newer not at all', () => {
      lease.subscribed(['book'], 0);
      const [first, second] = [beat(), (pass(300), beat())];
      lease.echoed(second, [state(0)]);
      const until = clock.now() + BOUND;
      lease.echoed(first, [state(0)]);
      lease.echoed(second, [state(0)]);
      pass(until - clock.now());
      expect(isServing(), 'the older echo did not shorten the lease').to.equal(true);
      lease.echoed(second, [state(0)]);
      pass(1);
      expect(isServing(), 'nor did a repeated one lengthen it').to.equal(false);
    });

    it('ignores numbers nobody sent, and states of another number of caches', () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      lease.echoed(99, [state(0)]);
      lease.echoed(number, []);
      lease.echoed(number, [state(0), state(0)]);
      expect(isServing()).to.equal(false);
    });

    it('empties the local tier when it names a message that never came', () => {
      prove(3);
      expect(lease.received({ cache: 'book', seq: 4, gen: '5' })).to.equal(true);
      lease.echoed(beat(), [state(4)]);
      expect(cache.clears).to.deep.equal([]);
      lease.echoed(beat(), [state(6)]);
      expect(cache.clears).to.deep.equal(['gap']);
      expect(told).to.deep.include({ gap: { cache: 'book', expected: 5, received: 7 } });
      expect(isServing(), 'empty, it may be served').to.equal(true);
      expect(lease.received({ cache: 'book', seq: 7, gen: '5' })).to.equal(true);
    });

    it('proves nothing while no reply has named its generation, and empties the local tier', () => {
      lease.subscribed(['book'], 0);
      cache.clears = [];
      lease.echoed(beat(), [state(3, '6')]);
      expect([cache.generation.current, cache.generation.rumour, cache.clears]).to.deep.equal([
        '5',
        '6',
        ['rumour 6, coherence', 'coherence'],
      ]);
      expect(isServing()).to.equal(false);
    });

    it('proves what it would have once the reply to its beat names its generation', async () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      const sentAt = clock.now();
      pass(100);
      lease.echoed(number, [state(3, '6')]);
      await reply(number, state(3, '6'));
      expect([cache.generation.current, isServing()]).to.deep.equal(['6', true]);
      pass(sentAt + BOUND + 1 - clock.now());
      expect(isServing(), 'counted from when the heartbeat was sent').to.equal(false);
    });

    it('proves nothing ever when the reply names another generation, and is told of as forged', async () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      lease.echoed(number, [state(3, '9')]);
      await reply(number, state(3));
      expect([cache.generation.current, isServing(), forged]).to.deep.equal(['5', false, ['book']]);
    });

    it('proves nothing by a reply to an earlier beat, nor after another subscription', async () => {
      lease.subscribed(['book'], 0);
      const [early, late] = [beat(), beat()];
      lease.echoed(late, [state(3, '6')]);
      await reply(early, state(3, '6'));
      expect(isServing()).to.equal(false);
      lease.lost(1);
      lease.subscribed(['book'], 1);
      await reply(late, state(3, '6'));
      expect(isServing()).to.equal(false);
    });

    it('proves nothing when the machine was suspended in between: the monotonic clock stood still', () => {
      lease.subscribed(['book'], 0);
      const number = beat();
      timers.tick(BOUND / 2 + 1); // Only the wall clock moved.
      lease.echoed(number, [state(0)]);
      expect(isServing()).to.equal(false);
      lease.echoed(beat(), [state(0)]);
      expect(isServing()).to.equal(true);
    });
  });

  describe('provenMs', () => {
    const age = (): number | undefined => lease.provenMs('book');

    it('is not known before the first proof', () => {
      expect(age()).to.equal(undefined);
      const early = beat();
      lease.echoed(early, [state(0)]);
      expect(age(), 'an echo without a subscription').to.equal(undefined);
      lease.subscribed(['book'], 0);
      pass(BOUND);
      expect(age(), 'a subscription without an echo').to.equal(undefined);
      lease.echoed(beat(), [state(0)]);
      expect(age()).to.equal(0);
    });

    it('is the age of the heartbeat that was echoed, not of its echo', () => {
      lease.subscribed(['book'], 0);
      const first = beat();
      pass(400);
      lease.echoed(first, [state(0)]);
      expect(age()).to.equal(400);
      pass(250);
      const second = beat();
      pass(100);
      expect(age(), 'a heartbeat proves nothing by being sent').to.equal(750);
      lease.echoed(second, [state(0)]);
      expect(age()).to.equal(100);
    });

    it('grows while echoes are held back, and equals the bound when the lease ends', () => {
      prove(0);
      const held: number[] = [];
      for (let quarter = 1; quarter <= 4; quarter += 1) {
        pass(BOUND / 4);
        held.push(beat());
        expect([age(), isServing()]).to.deep.equal([(quarter * BOUND) / 4, true]);
      }
      pass(1);
      expect([age(), isServing()]).to.deep.equal([BOUND + 1, false]);
      pass(BOUND);
      expect(age(), 'it goes on').to.equal(2 * BOUND + 1);
      lease.echoed(held[1]!, [state(0)]);
      expect([age(), isServing()], 'an echo that comes too late to be served').to.deep.equal([1.5 * BOUND + 1, false]);
      lease.echoed(held[3]!, [state(0)]);
      expect([age(), isServing()]).to.deep.equal([BOUND + 1, false]);
    });

    it('grows on from the last proof after a loss, until an echo of the next subscription', () => {
      prove(3);
      const early = beat();
      pass(100);
      lease.lost(1);
      pass(100);
      lease.subscribed(['book'], 1);
      lease.echoed(early, [state(3)]);
      expect([age(), isServing()], 'an echo of the connection before').to.deep.equal([200, false]);
      const later = beat();
      pass(50);
      expect(age()).to.equal(250);
      lease.echoed(later, [state(3)]);
      expect([age(), isServing()]).to.deep.equal([50, true]);
    });

    it('takes an echo with another generation only when a reply has named that generation', async () => {
      prove(3);
      pass(200);
      const [forged, next] = [beat(), (pass(10), beat())];
      lease.echoed(forged, [state(3, '9')]);
      await reply(forged, state(3));
      expect([cache.generation.current, age()]).to.deep.equal(['5', 210]);
      pass(10);
      lease.echoed(next, [state(0, '6')]);
      expect(age(), 'not named yet').to.equal(220);
      await reply(next, state(0, '6'));
      expect([cache.generation.current, age()]).to.deep.equal(['6', 10]);
    });

    it('is not made older by a reply that proves an older echo', async () => {
      prove(3);
      const first = beat();
      pass(100);
      const second = beat();
      lease.echoed(first, [state(3, '6')]);
      lease.echoed(second, [state(3)]);
      pass(10);
      await reply(first, state(3, '6'));
      expect([cache.generation.current, age()]).to.deep.equal(['6', 10]);
    });

    it('is not known of a cache that has just been followed, however well another one is proven', () => {
      prove(3);
      const author = new NotedCache('author');
      lease.follow(author);
      const early = beat();
      lease.subscribed(['author'], 0);
      pass(100);
      lease.echoed(early, [state(3), state(0)]);
      expect([age(), lease.provenMs('author')], 'the heartbeat was sent before its topic was confirmed').to.deep.equal([100, undefined]);
      const later = beat();
      pass(30);
      lease.echoed(later, [state(3), state(0)]);
      expect([age(), lease.provenMs('author')]).to.deep.equal([30, 30]);
    });

    it('goes by the wall clock if the machine was suspended: the monotonic clock stood still', () => {
      prove(3);
      pass(100);
      timers.tick(BOUND / 2);
      expect(age(), 'clocks may differ a little').to.equal(100);
      timers.tick(60_000);
      expect(age()).to.equal(100 + BOUND / 2 + 60_000);
      const asleep = beat();
      timers.tick(BOUND);
      lease.echoed(asleep, [state(3)]);
      expect(age(), 'nothing was proven meanwhile').to.equal(100 + BOUND / 2 + 60_000 + BOUND);
    });

    it('is not known of caches that it does not follow, nor once it has stopped', () => {
      prove(3);
      expect(lease.provenMs('other')).to.equal(undefined);
      lease.stop();
      expect(age()).to.equal(undefined);
    });

    it('is 0 inside one process while the topic is subscribed, and grows from a loss', () => {
      const inProcess = new ReadLease({ clock, events, boundMs: BOUND, heartbeat: undefined });
      inProcess.follow(cache);
      expect(inProcess.provenMs('book')).to.equal(undefined);
      inProcess.subscribed(['book'], 0);
      pass(10 * BOUND);
      expect(inProcess.provenMs('book')).to.equal(0);
      inProcess.lost(1);
      pass(300);
      expect([inProcess.provenMs('book'), isServing()]).to.deep.equal([300, false]);
      inProcess.subscribed(['book'], 1);
      expect(inProcess.provenMs('book')).to.equal(0);
      inProcess.stop();
    });
  });

  describe('received', () => {
    beforeEach(() => prove(3));

    it('lets messages through in their order', () => {
      expect([4, 5, 6].map((seq) => lease.received({ cache: 'book', seq, gen: '5' }))).to.deep.equal([true, true, true]);
      expect([cache.clears, told]).to.deep.equal([[], []]);
    });

    it('takes the first one after a subscription for the next', () => {
      lease.subscribed(['book'], 0);
      cache.clears = [];
      expect(lease.received({ cache: 'book', seq: 17, gen: '5' })).to.equal(true);
      expect(lease.received({ cache: 'book', seq: 18, gen: '5' })).to.equal(true);
      expect(cache.clears).to.deep.equal([]);
    });

    for (const [what, seq] of [
      ['a gap', 6],
      ['a repeated number', 3],
      ['a number that fell back', 1],
    ] as const) {
      // prettier-ignore
      it(`empties the local tier instead after ${what}`, () => {
        expect(lease.received({ cache: 'book', seq, gen: '5' })).to.equal(false);
        expect(cache.clears).to.deep.equal(['gap']);
        expect(told).to.deep.equal([{ gap: { cache: 'book', expected: 4, received: seq } }]);
        expect(lease.received({ cache: 'book', seq: seq + 1, gen: '5' })).to.equal(true);
      });
    }

    for (const gen of ['4', '6', '9007194959773695']) {
      it(`takes no generation from a message (${gen}), but empties the local tier and asks`, () => {
        expect(lease.received({ cache: 'book', seq: 4, gen }, 'remote')).to.equal(true);
        expect([cache.generation.current, cache.generation.rumour, cache.clears]).to.deep.equal(['5', gen, [`rumour ${gen}, remote`]]);
        expect(lease.received({ cache: 'book', seq: 5, gen }), 'the next one of that generation').to.equal(true);
        expect(cache.clears.length, 'which tells nothing new').to.equal(1);
        expect(heartbeat.beats.length, 'beats under way').to.equal(2);
      });
    }

    it('does not take over the number of a rumour that is not the next one', () => {
      expect(lease.received({ cache: 'book', seq: 1_000, gen: '6' })).to.equal(false);
      expect(lease.received({ cache: 'book', seq: 4, gen: '5' })).to.equal(true);
      expect([cache.clears, told]).to.deep.equal([['rumour 6, coherence'], []]);
    });

    it('notices a gap within the generation of a rumour', () => {
      lease.received({ cache: 'book', seq: 4, gen: '6' });
      expect(lease.received({ cache: 'book', seq: 6, gen: '6' })).to.equal(false);
      expect(cache.clears).to.deep.equal(['rumour 6, coherence', 'gap']);
    });

    it('trusts its generation again after the reply to a beat sent later, and tells of the forgery', async () => {
      const early = beat();
      lease.received({ cache: 'book', seq: 4, gen: '6' });
      await reply(early, state(3));
      expect(cache.generation.rumour, 'sent before').to.equal('6');
      await reply(number(heartbeat.beats.at(-1)!), state(3));
      expect([cache.generation.current, cache.generation.rumour, forged]).to.deep.equal(['5', undefined, ['book']]);
    });

    it('does not ask about a message of its own, whose reply is on its way', async () => {
      const sent = heartbeat.beats.length;
      lease.received({ cache: 'book', seq: 4, gen: '6' }, 'remote', true);
      expect([cache.generation.rumour, heartbeat.beats.length]).to.deep.equal(['6', sent]);
      await reply(beat(), state(4, '6'));
      expect([cache.generation.current, cache.generation.rumour]).to.deep.equal(['6', undefined]);
    });

    it('says nothing of a message that a clear has overtaken', async () => {
      lease.received({ cache: 'book', seq: 4, gen: '4' });
      await reply(number(heartbeat.beats.at(-1)!), state(4));
      expect([cache.generation.rumour, forged]).to.deep.equal([undefined, []]);
    });

    it('asks one at a time, and seldom, however many rumours there are', async () => {
      const sent = heartbeat.beats.length;
      for (let seq = 4; seq < 1_000; seq += 1) lease.received({ cache: 'book', seq, gen: `${seq}` });
      expect(heartbeat.beats.length).to.equal(sent + 1);
      await reply(number(heartbeat.beats.at(-1)!), state(3));
      lease.received({ cache: 'book', seq: 4, gen: '77' });
      pass(BOUND / 16 - 1);
      expect(heartbeat.beats.length).to.equal(sent + 1);
      pass(1);
      expect(heartbeat.beats.length).to.equal(sent + 2);
      await reply(number(heartbeat.beats.at(-1)!), state(3));
      pass(BOUND);
      expect(heartbeat.beats.length, 'with none left').to.equal(sent + 2);
    });

    it('goes down to a lower generation only where the reply says that what was stored was damaged, and tells that', async () => {
      await reply(beat(), state(3, '4'));
      expect(cache.generation.current).to.equal('5');
      await reply(beat(), { ...state(3, '4'), isReplaced: true });
      expect(cache.generation.current).to.equal('4');
      expect(failures.map((error) => (error as Error).message)).to.deep.equal([
        "The bookkeeping of cache 'book' in Redis was damaged, and has been replaced. " +
          'Another program writes to its keys. What was cached in Redis is loaded anew.',
      ]);
    });

    it('knows nothing of caches it does not follow', () => {
      expect(lease.received({ cache: 'author', seq: 1, gen: '5' })).to.equal(false);
    });
  });

  describe('lost', () => {
    it('ends the lease at once and tells so once', () => {
      prove(3);
      lease.lost(1);
      lease.lost(2);
      expect(isServing()).to.equal(false);
      expect(told).to.deep.equal([{ bypass: { cache: 'book', active: true } }]);
      lease.subscribed(['book'], 2);
      lease.echoed(beat(), [state(3)]);
      expect(told).to.deep.equal([{ bypass: { cache: 'book', active: true } }, { bypass: { cache: 'book', active: false } }]);
    });

    describe('keeps the local tier', () => {
      const evicted = (seq: number, gen = '5'): boolean => lease.received({ cache: 'book', seq, gen });
      /** An echo and the reply to its beat name this. */
      const confirm = async (named: CacheState): Promise<void> => {
        const both = beat();
        lease.echoed(both, [named]);
        await reply(both, named);
      };
      const proveFully = async (seq: number): Promise<void> => {
        lease.subscribed(['book'], 0);
        await confirm(state(seq));
        cache.clears = [];
      };
      /** Lost, and subscribed again; then the first echo names this. */
      const back = (named: CacheState): void => {
        lease.lost(1);
        lease.subscribed(['book'], 1);
        lease.echoed(beat(), [named]);
      };

      it('if the first echo names what the last one did, and serves nothing before', async () => {
        await proveFully(3);
        lease.lost(1);
        lease.subscribed(['book'], 1);
        expect([isServing(), cache.clears]).to.deep.equal([false, []]);
        lease.echoed(beat(), [state(3)]);
        expect([isServing(), cache.clears]).to.deep.equal([true, []]);
        expect(evicted(4), 'numbers go on').to.equal(true);
        expect([evicted(6), cache.clears]).to.deep.equal([false, ['gap']]);
      });

      it('through several losses before an echo comes', async () => {
        await proveFully(3);
        for (const epoch of [1, 2, 3]) {
          lease.lost(epoch);
          lease.subscribed(['book'], epoch);
        }
        lease.echoed(beat(), [state(3)]);
        expect([isServing(), cache.clears]).to.deep.equal([true, []]);
      });

      it('if a message was made up meanwhile, for all it can do is remove', async () => {
        await proveFully(3);
        expect(evicted(4)).to.equal(true);
        lease.lost(1);
        lease.subscribed(['book'], 1);
        expect(evicted(9)).to.equal(true);
        lease.echoed(beat(), [state(3)]);
        expect([isServing(), cache.clears, told.filter((each) => 'gap' in (each as object))]).to.deep.equal([true, [], []]);
        expect(evicted(4), 'the number is the one of the echo again').to.equal(true);
      });

      it('not if the first echo names another number, whatever was applied', async () => {
        for (const applied of [[], [4], [4, 5]]) {
          await proveFully(3);
          for (const seq of applied) expect(evicted(seq)).to.equal(true);
          back(state(applied.at(-1) ?? 4));
          expect([isServing(), cache.clears]).to.deep.equal([true, ['coherence']]);
          lease.lost(0);
        }
        expect(
          told.filter((each) => 'gap' in (each as object)),
          'that is no gap',
        ).to.deep.equal([]);
      });

      it('not if the number is the same in another generation', async () => {
        await proveFully(3);
        lease.lost(1);
        lease.subscribed(['book'], 1);
        const first = beat();
        await reply(first, state(3, '6'));
        cache.clears = [];
        lease.echoed(first, [state(3, '6')]);
        expect(cache.clears).to.deep.equal(['coherence']);
      });

      it('whichever comes first, the echo or the reply to its beat', async () => {
        lease.subscribed(['book'], 0);
        const both = beat();
        await reply(both, state(3));
        lease.echoed(both, [state(3)]);
        cache.clears = [];
        back(state(3));
        expect([isServing(), cache.clears]).to.deep.equal([true, []]);
      });

      it('not if the reply to the beat named another number than its echo, which was made up then', async () => {
        lease.subscribed(['book'], 0);
        const both = beat();
        lease.echoed(both, [state(4)]);
        await reply(both, state(3));
        cache.clears = [];
        back(state(4));
        expect(cache.clears).to.deep.equal(['coherence']);
      });

      it('not if no echo had come before the loss', () => {
        lease.subscribed(['book'], 0);
        back(state(3));
        expect(cache.clears).to.deep.equal(['coherence']);
      });

      it('once more after an eviction that an echo has confirmed', async () => {
        await proveFully(3);
        expect(evicted(4)).to.equal(true);
        await confirm(state(4));
        back(state(4));
        expect([isServing(), cache.clears]).to.deep.equal([true, []]);
      });
    });
  });

  describe('beat', () => {
    it('asks for every followed cache, with the generation it knows', () => {
      lease.follow(new NotedCache('author'));
      beat();
      expect(heartbeat.beats[0]!.caches).to.deep.equal([
        { name: 'book', generation: '5', state: undefined, hasTags: false },
        { name: 'author', generation: '5', state: undefined, hasTags: false },
      ]);
    });

    it('says which state the last reply named, while that is of the generation it knows', async () => {
      await reply(beat(), state(3));
      beat();
      expect(heartbeat.beats.at(-1)!.caches).to.deep.equal([{ name: 'book', generation: '5', state: state(3), hasTags: false }]);
      cache.generation.follow('6');
      beat();
      expect(heartbeat.beats.at(-1)!.caches).to.deep.equal([{ name: 'book', generation: '6', state: undefined, hasTags: false }]);
    });

    it('is not sent any more once the lease is stopped', async () => {
      lease.stop();
      await lease.beat();
      expect(heartbeat.beats).to.deep.equal([]);
    });

    it('begins its echo with its number', () => {
      beat();
      expect(heartbeat.beats[0]!.head).to.match(/^\{"v":2,"beat":\d+,"states":"$/);
    });

    it('begins to number where nobody can guess it', () => {
      const others = [1, 2].map(() => {
        void new ReadLease({ clock, events, boundMs: BOUND, heartbeat }).beat();
        return number(heartbeat.beats.at(-1)!);
      });
      expect(Math.abs((others[0] as number) - (others[1] as number))).to.be.greaterThan(1_000);
    });

    it('takes generations from the answer, but no proof', async () => {
      lease.subscribed(['book'], 0);
      const answered = lease.beat();
      heartbeat.beats[0]!.answer([state(0, '9')]);
      await answered;
      expect([cache.generation.current, isServing()]).to.deep.equal(['9', false]);
    });
  });

  describe('start', () => {
    it(`beats ${BEATS_PER_BOUND} times per bound, and tells how it went`, async () => {
      const went: unknown[] = [];
      lease.start(() => went.push('sent'), (error) => went.push(error)); // prettier-ignore
      lease.start(() => went.push('twice'), () => undefined); // prettier-ignore
      pass(BOUND);
      expect(heartbeat.beats.length).to.equal(BEATS_PER_BOUND);
      heartbeat.beats[0]!.answer([state(0)]);
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
      expect(went).to.deep.equal(['sent']);
    });

    it('notices a suspended machine at the next beat, and ends the lease', () => {
      prove(3);
      lease.start(() => undefined, () => undefined); // prettier-ignore
      pass(BOUND / BEATS_PER_BOUND);
      lease.echoed(number(heartbeat.beats.at(-1)!), [state(3)]);
      expect(isServing()).to.equal(true);
      timers.setSystemTime(Date.now() + 60_000); // A minute asleep; timers and the monotonic clock know nothing of it.
      pass(BOUND / BEATS_PER_BOUND);
      expect(isServing()).to.equal(false);
      expect(told).to.deep.equal([{ bypass: { cache: 'book', active: true } }]);
    });

    it('tells when the lease has lapsed for want of echoes', () => {
      prove(3);
      lease.start(() => undefined, () => undefined); // prettier-ignore
      pass(BOUND);
      expect(told).to.deep.equal([]);
      pass(BOUND / BEATS_PER_BOUND);
      expect(told).to.deep.equal([{ bypass: { cache: 'book', active: true } }]);
    });
  });

  describe('a beat that reaches nobody', () => {
    /** Beats every D/4 for this long; each is answered at once. */
    const beatFor = async (ms: number, reached: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += BOUND / BEATS_PER_BOUND) {
        pass(BOUND / BEATS_PER_BOUND);
        await replyOf(reached, beat(), state(3));
      }
    };

    it('is told after a bound of such beats, and again after two and four, at most eight', async () => {
      lease.hearsFrom(0);
      const toldAfter: number[] = [];
      for (let bounds = 0; bounds < 32; bounds += 1) {
        await beatFor(BOUND, 0);
        if (unheard.length > toldAfter.length) toldAfter.push(bounds);
      }
      expect(unheard).to.deep.equal([1, 2, 3, 4, 5]);
      expect(toldAfter).to.deep.equal([1, 3, 7, 15, 24]);
    });

    it('is nothing before the inbox is subscribed, after its loss, and if it was sent before', async () => {
      await beatFor(3 * BOUND, 0);
      const early = beat();
      lease.hearsFrom(0);
      pass(2 * BOUND);
      await replyOf(0, early, state(3));
      lease.lost(1);
      await beatFor(3 * BOUND, 0);
      expect(unheard).to.deep.equal([]);
    });

    it('is nothing if one of them did reach somebody', async () => {
      lease.hearsFrom(0);
      for (let turns = 0; turns < 3; turns += 1) {
        await beatFor(BOUND, 0);
        await beatFor(BOUND / BEATS_PER_BOUND, 1);
      }
      expect(unheard).to.deep.equal([]);
    });

    it('is nothing if its echo comes: other servers pass messages on and are not counted', async () => {
      lease.hearsFrom(0);
      prove(3);
      for (let turns = 0; turns < 3; turns += 1) {
        await beatFor(BOUND, 0);
        lease.echoed(number(heartbeat.beats.at(-1)!), [state(3)]);
      }
      expect(unheard).to.deep.equal([]);
    });

    it('is told anew after a bound once one has reached somebody', async () => {
      lease.hearsFrom(0);
      await beatFor(4 * BOUND, 0);
      await beatFor(BOUND, 1);
      await beatFor(1.25 * BOUND, 0);
      expect(unheard).to.deep.equal([1, 2, 1]);
    });
  });

  describe('proven', () => {
    it('resolves with the echo that proves the last cache', async () => {
      const author = new NotedCache('author');
      lease.follow(author);
      lease.subscribed(['book'], 0);
      let isProven = false;
      const proven = lease.proven(BOUND).then(() => (isProven = true));
      lease.echoed(beat(), [state(0), state(0)]);
      await Promise.resolve();
      expect([isServing(), isProven]).to.deep.equal([true, false]);
      lease.subscribed(['author'], 0);
      lease.echoed(beat(), [state(0), state(0)]);
      await proven;
      expect(timers.countTimers()).to.equal(0);
    });

    it('waits no longer than it is told to', async () => {
      const proven = lease.proven(70);
      timers.tick(70);
      await proven;
      expect(isServing()).to.equal(false);
    });
  });

  describe('stop', () => {
    it('ends the lease and the heartbeats', () => {
      prove(3);
      lease.start(() => undefined, () => undefined); // prettier-ignore
      lease.stop();
      expect([isServing(), lease.names, timers.countTimers()]).to.deep.equal([false, [], 0]);
    });
  });

  describe('without a heartbeat, inside one process', () => {
    it('is good from the subscription on, for ever', () => {
      const embedded = new ReadLease({ clock, events, boundMs: BOUND, heartbeat: undefined });
      const other = new NotedCache('author');
      embedded.follow(other);
      expect(other.isServing(clock.now())).to.equal(false);
      embedded.subscribed(['author'], 0);
      clock.advance(1e9);
      expect(other.isServing(clock.now())).to.equal(true);
      embedded.lost(1);
      expect(other.isServing(clock.now())).to.equal(false);
    });
  });
});
