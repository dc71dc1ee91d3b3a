import { expect } from 'chai';
import { ReadTickets } from '../../../lib/cache/local/read-tickets.js';
import { LocalTier } from '../../../lib/cache/local/local-tier.js';
import { Loads } from '../../../lib/cache/two-tier/loads.js';
import { OwnWrites } from '../../../lib/cache/two-tier/own-writes.js';
import { PendingEvictions } from '../../../lib/cache/two-tier/pending-evictions.js';
import type { SharedLoad } from '../../../lib/cache/two-tier/shared-load.js';
import { Acknowledgements } from '../../../lib/eviction/acknowledgements.js';
import { ReadLease } from '../../../lib/eviction/read-lease.js';
import { randomOf } from '../../../lib/testing/simulation/random.js';
import { type FleetCourse, simulateWith } from '../../../lib/testing/simulation/simulate-fleet.js';
import type { SimulatedFleet } from '../../../lib/testing/index.js';

/** In so many orders of arrival a scenario is played: the library must pass them all, and a mutant fail in one. */
const ORDERS = 40;

/** A rule of the library is missing, and a short story shows it. */
interface Mutant {
  readonly without: string;
  readonly breaks: RegExp;
  readonly collaborators: NonNullable<FleetCourse['collaborators']>;
  readonly story: (fleet: SimulatedFleet, database: Database) => Promise<void>;
}

/** One book, whose price changes. */
class Database {
  price = 1;

  /** Reads, and takes as long as it is told to. */
  readonly read = (fleet: SimulatedFleet, index: number, takes = 0): Promise<number> =>
    fleet[index]!.cache<number>('book').getOrLoad('Dune', async () => {
      const { price } = this;
      if (takes > 0) await fleet.clock.sleep(takes);
      return price;
    });

  /** Changes the price, and evicts. */
  async update(fleet: SimulatedFleet, index: number, options: { readonly acks?: 'all' } = {}): Promise<void> {
    this.price += 1;
    await fleet[index]!.cache('book').evict('Dune', options);
  }
}

/** Each hop takes a turn of the event loop: something is done between them. */
async function betweenHops(count: number, act: () => unknown): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await new Promise(setImmediate);
    act();
  }
}

/** Everybody has read, and the second instance does not hear of an update. */
const unheard =
  (silence: (fleet: SimulatedFleet) => void): Mutant['story'] =>
  async (fleet, database) => {
    await database.read(fleet, 1);
    silence(fleet);
    await database.update(fleet, 0);
    await fleet.elapse('2s');
    await database.read(fleet, 1);
  };

const MUTANTS: readonly Mutant[] = [
  {
    without: 'an end of the lease',
    breaks: /^C2/,
    collaborators: {
      ReadLease: class extends ReadLease {
        protected override leaseEndOf(): number {
          return Infinity;
        }
      },
    },
    story: unheard((fleet) => fleet[1].subscriber.halfOpen()),
  },
  {
    without: 'noticing a gap from an echo',
    breaks: /^C2/,
    collaborators: {
      ReadLease: class extends ReadLease {
        protected override isBehind(applied: number | undefined): boolean {
          return applied === undefined;
        }
      },
    },
    story: unheard((fleet) => fleet[1].subscriber.dropNext(1, 'book-channel')),
  },
  {
    without: 'noticing a gap between messages',
    breaks: /^C2/,
    collaborators: {
      ReadLease: class extends ReadLease {
        protected override isNext(): boolean {
          return true;
        }
      },
    },
    story: async (fleet, database) => {
      await database.read(fleet, 1);
      fleet[1].subscriber.dropNext(1, 'book-channel');
      await database.update(fleet, 0);
      await fleet[0].cache('book').evict('Emma');
      await fleet.elapse('2s');
    },
  },
  {
    without: 'comparing the first echo after a loss with the last one before',
    breaks: /^C2/,
    collaborators: {
      ReadLease: class extends ReadLease {
        protected override isUnchanged(): boolean {
          return true;
        }
      },
    },
    story: async (fleet, database) => {
      await database.read(fleet, 1);
      fleet[1].subscriber.cut();
      fleet[1].subscriber.halfOpen();
      await database.update(fleet, 0);
      fleet[1].subscriber.heal();
      await fleet.elapse('2s');
    },
  },
  {
    without: 'asking for a lease of those who join a load',
    breaks: /^C2/,
    collaborators: {
      Loads: class extends Loads {
        protected override mayJoin(): boolean {
          return true;
        }
      },
    },
    story: async (fleet, database) => {
      const slow = database.read(fleet, 1, 5_000);
      await fleet.settle();
      fleet[1].subscriber.halfOpen();
      await database.update(fleet, 0);
      await fleet.elapse('2s');
      await Promise.all([slow, database.read(fleet, 1)]);
    },
  },
  {
    without: 'fences',
    breaks: /^C5/,
    collaborators: {
      LocalTier: class extends LocalTier {
        override fence(): void {}
      } as typeof LocalTier,
    },
    story: unheard(() => undefined),
  },
  {
    without: 'read tickets',
    breaks: /^C5/,
    collaborators: {
      ReadTickets: class extends ReadTickets<SharedLoad> {
        override isValid(): boolean {
          return true;
        }
      },
    },
    story: async (fleet, database) => {
      await database.read(fleet, 0);
      await Promise.all([fleet[1].cache('book').get('Dune'), database.update(fleet, 0)]);
      await fleet.settle();
    },
  },
  {
    without: 'detaching the loads that an eviction overtakes',
    breaks: /^C1/,
    collaborators: {
      ReadTickets: class extends ReadTickets<SharedLoad> {
        protected override detach(): void {}
      },
    },
    story: async (fleet, database) => {
      const slow = database.read(fleet, 0, 300);
      await fleet.settle();
      await database.update(fleet, 0);
      await Promise.all([slow, database.read(fleet, 0)]);
    },
  },
  {
    without: 'the second fence of an eviction',
    breaks: /^C1/,
    collaborators: {
      PendingEvictions: class extends PendingEvictions {
        protected override fenceAgain(): void {}
      },
    },
    story: async (fleet, database) => {
      await database.read(fleet, 0);
      fleet[0].subscriber.halfOpen();
      const update = database.update(fleet, 0);
      await Promise.all([fleet[0].cache('book').get('Dune'), update]);
      await fleet[0].cache('book').get('Dune');
    },
  },
  {
    without: 'applying own messages while their writes are unanswered',
    breaks: /^C5/,
    collaborators: {
      OwnWrites: class extends OwnWrites {
        override toApply(): readonly string[] {
          return [];
        }
      },
    },
    story: async (fleet, database) => {
      await database.read(fleet, 0);
      const update = database.update(fleet, 0);
      const read = fleet[0].cache('book').get('Dune');
      await betweenHops(12, () => fleet.assertCoherent());
      await Promise.all([update, read]);
    },
  },
  {
    without: 'keeping doubtful keys out of both tiers',
    breaks: /^C1/,
    collaborators: {
      PendingEvictions: class extends PendingEvictions {
        override isDoubtful(): boolean {
          return false;
        }
      },
    },
    story: async (fleet, database) => {
      await database.read(fleet, 0);
      fleet[0].command.cut();
      fleet[0].command.halfOpen();
      await database.update(fleet, 0).catch(() => undefined);
      fleet[0].command.heal();
      await betweenHops(12, () => void database.read(fleet, 0));
      await fleet.settle();
    },
  },
  {
    without: 'waiting for acknowledgements',
    breaks: /^C4/,
    collaborators: {
      Acknowledgements: class extends Acknowledgements {
        protected override allOf(): Promise<void> {
          return Promise.resolve();
        }
      },
    },
    story: async (fleet, database) => {
      await database.read(fleet, 1);
      await fleet.elapse('5s'); // The list of the living is old enough.
      fleet[1].subscriber.halfOpen();
      await database.update(fleet, 0, { acks: 'all' });
      await database.read(fleet, 1);
    },
  },
];

/** What `assertCoherent` says of a story in this order. `undefined`: nothing. */
async function complaint(story: Mutant['story'], seed: number, collaborators?: Mutant['collaborators']): Promise<string | undefined> {
  const random = randomOf(seed);
  const choice = (count: number): number => Math.floor(random() * count);
  const fleet = await simulateWith(
    { wire: () => undefined, options: { logger: false } },
    { seed, choice, ...(collaborators && { collaborators }) },
  );
  try {
    await story(fleet, new Database());
    fleet.assertCoherent();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await fleet.stop();
  }
}

describe('SimulatedFleet.assertCoherent', () => {
  for (const { without, breaks, collaborators, story } of MUTANTS) {
    it(`complains of a library without ${without}, and of no other`, async () => {
      let found: string | undefined;
      for (let seed = 1; seed <= ORDERS && found === undefined; seed += 1) {
        expect(await complaint(story, seed), `seed ${seed}`).to.equal(undefined);
        found = await complaint(story, seed, collaborators);
      }
      expect(found).to.match(breaks);
    });
  }
});
