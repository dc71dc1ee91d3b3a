import { expect } from 'chai';
import * as fc from 'fast-check';
import sinon from 'sinon';
import { type Cache, hitNow } from '../../lib/cache/index.js';
import { LocalTier } from '../../lib/cache/local/local-tier.js';
import { ReadTickets } from '../../lib/cache/local/read-tickets.js';
import { Loads } from '../../lib/cache/two-tier/loads.js';
import type { SharedLoad } from '../../lib/cache/two-tier/shared-load.js';
import { createInstance, type InstanceOptions } from '../../lib/instance/index.js';
import { Lane } from '../../lib/testing/simulation/lane.js';
import { Oracle, type Stored } from './oracle.js';
import { type Script, scripts, type Step, UNDISTURBED } from './step.js';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

let namespaces = 0;

/** Which instances have tags. */
type Tags = Script['tags'];

/** The tags that every value of a key carries. */
const ALL = 'all';
const tagsOf = (key: string): readonly string[] => [ALL, `of ${key}`];

/**
 * Instances of one process share memory and a topic that delivers at once, so what is left to permute are the calls and the two moments
 * of each load: when it reads the database, and when it returns. There is no bound to wait for: whatever has settled holds everywhere.
 */
async function play(scheduler: fc.Scheduler<unknown>, script: Script, parts: InstanceOptions): Promise<void> {
  const sandbox = sinon.createSandbox();
  const time = sandbox.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
  const namespace = `interleavings-${(namespaces += 1)}`;
  const hasTags = (i: number): boolean => script.tags === 'all' || (script.tags === 'mixed' && i !== 1);
  const runtimes = Array.from({ length: script.instances }, (_, i) =>
    createInstance({ namespace, defaults: { tiers: script.tiers, tags: hasTags(i) } }, parts),
  );
  await Promise.all(runtimes.map((runtime) => runtime.start()));
  try {
    await new EmbeddedWorld(
      scheduler,
      time,
      runtimes.map(({ manager }) => manager.getCache('book') as Cache),
      ['a', 'b'].slice(0, script.keys),
      hasTags,
    ).run(script.steps);
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    sandbox.restore();
  }
}

class EmbeddedWorld {
  readonly #oracle: Oracle;
  readonly #calls: Promise<void>[] = [];
  #underWay = 0;
  readonly #writing = new Set<string>();
  readonly #slow = new Set<Lane>();

  constructor(
    readonly scheduler: fc.Scheduler<unknown>,
    readonly time: sinon.SinonFakeTimers,
    readonly caches: readonly Cache[],
    readonly keys: readonly string[],
    readonly hasTags: (number: number) => boolean,
  ) {
    this.#oracle = new Oracle(() => 0, keys);
  }

  async run(steps: readonly Step[]): Promise<void> {
    const story = new Lane(this.scheduler, 'the script goes on');
    await turn();
    for (const step of steps) {
      let isDue = false;
      story.push(() => (isDue = true));
      while (!isDue) await this.#hop();
      this.#perform(step);
    }
    this.#finishLoads();
    await this.#rest();
    for (const cache of this.caches) for (const key of this.keys) this.#read(cache, key, 'quick', this.#oracle.newest(key));
    await this.#rest();
    await Promise.all(this.#calls);
  }

  /** Whoever waits for another instance's load looks again when time passes. */
  async #rest(): Promise<void> {
    for (let passed = 0; this.#underWay > 0 || this.scheduler.count() > 0;) {
      this.#finishLoads();
      if (this.scheduler.count() > 0) {
        await this.#hop();
        continue;
      }
      expect((passed += 50), 'milliseconds until all calls have settled').to.be.at.most(5_000);
      this.time.tick(50);
      await turn();
    }
  }

  #expect(call: Promise<void>): void {
    this.#underWay += 1;
    this.#calls.push(call);
    call.then(
      () => (this.#underWay -= 1),
      () => (this.#underWay -= 1), // Looked at in the end.
    );
  }

  async #hop(): Promise<void> {
    await this.scheduler.waitOne();
    await turn();
    for (const cache of this.caches) {
      for (const key of this.keys) {
        const floor = this.#floor(key);
        const held = (await hitNow(cache, key)) as Stored | undefined;
        if (held !== undefined) expect(held.version, `L1 holds '${key}' after an eviction of ${floor}`).to.be.at.least(floor);
      }
    }
    await turn();
  }

  #perform(step: Step): void {
    if (step.do === 'finishLoads' || step.do === 'settle') this.#finishLoads();
    if (step.do === 'pass') this.time.tick(step.ms);
    if (!('in' in step)) return;
    const cache = this.caches[step.in % this.caches.length] as Cache;
    if (step.do === 'read') this.#read(cache, this.keys[step.key % this.keys.length] as string, step.load === 'slow' ? 'slow' : 'quick');
    if (step.do === 'update') this.#update(cache, [this.keys[step.key % this.keys.length] as string], step.then);
    if (step.do === 'clear') this.#update(cache, this.keys, 'clear');
    if (step.do === 'updateTagged') this.#updateTagged(step, this.keys[step.key % this.keys.length] as string);
  }

  #read(cache: Cache, key: string, load: 'quick' | 'slow', floor = this.#floor(key)): void {
    const hit = hitNow(cache, key) as Promise<Stored> | undefined;
    const options = this.#isTagged(cache) ? { tags: tagsOf(key) } : {};
    const result = hit ?? cache.getOrLoad<Stored>(key, () => this.#load(key, load), options);
    this.#expect(
      result.then((stored) => {
        expect(stored.key).to.equal(key);
        expect(stored.version, `a read of '${key}'`).to.be.at.least(floor);
      }),
    );
  }

  #load(key: string, how: 'quick' | 'slow'): Promise<Stored> {
    const lane = new Lane(this.scheduler, `a load of '${key}'`);
    return new Promise((resolve) => {
      lane.push(() => {
        const stored = this.#oracle.read(key);
        if (how === 'slow') {
          lane.hold();
          this.#slow.add(lane);
        }
        lane.push(() => resolve(stored));
      });
    });
  }

  #isTagged(cache: Cache): boolean {
    return this.hasTags(this.caches.indexOf(cache));
  }

  /** In an instance that has tags. */
  #updateTagged({ in: which, tag, acks }: Extract<Step, { do: 'updateTagged' }>, key: string): void {
    const writers = this.caches.filter((cache) => this.#isTagged(cache));
    const cache = writers[which % writers.length];
    if (cache === undefined) return;
    this.#update(cache, tag === 'all' ? this.keys : [key], acks ? 'evictAcked' : 'evict', tag === 'all' ? ALL : `of ${key}`);
  }

  /**
   * Writers of one key take turns: how two race is for the database to say.
   *
   * @param tag - what the eviction names in place of the keys.
   */
  #update(cache: Cache, keys: readonly string[], then: 'evict' | 'evictAcked' | 'put' | 'clear', tag?: string): void {
    if (keys.some((key) => this.#writing.has(key))) return;
    for (const key of keys) this.#writing.add(key);
    const commits = keys.map((key) => this.#oracle.commit(key));
    new Lane(this.scheduler, 'an update is committed').push(() => {
      const written =
        then === 'clear'
          ? cache.clear()
          : then === 'put'
            ? cache.put(keys[0], commits[0], this.#isTagged(cache) ? { tags: tagsOf(keys[0] as string) } : {})
            : tag === undefined
              ? cache.evictAll(keys, { acks: then === 'evict' ? 'none' : 'all' })
              : cache.evictTagged([tag], { acks: then === 'evict' ? 'none' : 'all' });
      this.#expect(
        written.then(() => {
          for (const commit of commits) this.#oracle.acknowledged(commit);
          for (const key of keys) this.#writing.delete(key);
        }),
      );
    });
  }

  #floor(key: string): number {
    return Math.max(...this.#oracle.floors('any', key, 0).map(({ version }) => version));
  }

  #finishLoads(): void {
    for (const lane of this.#slow) lane.resume();
    this.#slow.clear();
  }
}

/** The token check of a fill is not among them: deliveries are synchronous here, so a load that lost its token has lost its ticket before. */
const MUTANTS: readonly (InstanceOptions & { readonly without: string; readonly tags?: Tags })[] = [
  {
    without: 'read tickets',
    collaborators: {
      ReadTickets: class extends ReadTickets<SharedLoad> {
        override isValid(): boolean {
          return true;
        }
      },
    },
  },
  {
    without: 'detaching the loads that an eviction overtakes',
    collaborators: {
      ReadTickets: class extends ReadTickets<SharedLoad> {
        protected override detach(): void {}
      },
    },
  },
  {
    without: 'looking at the clock of the tags before a value is kept',
    tags: 'all',
    collaborators: {
      LocalTier: class extends LocalTier {
        protected override isOvertaken(): boolean {
          return false;
        }
      } as typeof LocalTier,
    },
  },
  {
    without: 'a new load for those who joined one that an eviction of a tag has overtaken',
    tags: 'all',
    collaborators: {
      Loads: class extends Loads {
        protected override mayBeOvertaken(): boolean {
          return false;
        }
      },
    },
  },
];

describe('Interleavings inside one process', function () {
  this.timeout(60_000);

  const property = (parts: InstanceOptions = {}, tags: Tags = 'none'): fc.IAsyncProperty<[fc.Scheduler<unknown>, Script]> => {
    const updates = tags === 'none' ? { update: 10, clear: 2 } : { update: 4, updateTagged: 8, clear: 1 };
    return fc.asyncProperty(fc.scheduler(), scripts({ weights: { ...UNDISTURBED, ...updates }, tags }), (scheduler, script) =>
      play(scheduler, script, parts),
    );
  };

  it('serve and keep nothing older than what any instance has evicted, put or cleared', async () => {
    await fc.assert(property(), { numRuns: 300 });
  });

  it('serve and keep nothing older than what any instance has evicted by its tags', async () => {
    await fc.assert(property({}, 'all'), { numRuns: 300 });
  });

  it('do so where some instances have no tags', async () => {
    await fc.assert(property({}, 'mixed'), { numRuns: 300 });
  });

  for (const { without, tags, ...parts } of MUTANTS) {
    it(`break that without ${without}`, async () => {
      const found = await fc.check(property(parts, tags), { numRuns: 2_000, seed: 1, endOnFailure: true });
      expect(found.failed, `${found.numRuns} schedules broke nothing`).to.equal(true);
      expect((found.errorInstance as Error).name).to.equal('AssertionError');
      if (process.env.SHOW) console.log(found.numRuns, (found.errorInstance as Error).message);
    });
  }
});
