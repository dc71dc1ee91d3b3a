import 'reflect-metadata';
import { expect } from 'chai';
import { Cacheable, CacheableAll, CacheEvict, CacheManager, CachePut, runInTransaction, withoutCache } from '../../../lib/index.js';
import { simulateFleet, type SimulatedFleet, type SimulateFleetOptions } from '../../../lib/testing/index.js';

/** The database that all servers share. */
let prices: Map<string, number>;
let isDown: boolean;

class BookService {
  @Cacheable('book')
  async find(name: string): Promise<{ price: number }> {
    if (isDown) throw new Error('The database is away.');
    return { price: prices.get(name)! };
  }

  @CacheableAll('book')
  async findAll(names: readonly string[]): Promise<Map<string, { price: number }>> {
    return new Map(names.map((name) => [name, { price: prices.get(name)! }]));
  }

  @CacheEvict('book', { key: (name) => name })
  async update(name: string, price: number): Promise<void> {
    prices.set(name, price);
  }

  @CachePut('book', { key: (name) => name })
  async set(name: string, price: number): Promise<{ price: number }> {
    prices.set(name, price);
    return { price };
  }

  /** Without a decorator. */
  plain(): void {}
}

describe(simulateFleet.name, () => {
  const fleets: SimulatedFleet[] = [];

  const start = async (options: Partial<SimulateFleetOptions> = {}): Promise<SimulatedFleet> => {
    const fleet = await simulateFleet({ wire: (container) => void container.bind(BookService).toSelf().inSingletonScope(), ...options });
    fleets.push(fleet);
    return fleet;
  };

  const price = async (fleet: SimulatedFleet, index: number): Promise<number> => (await fleet[index]!.get(BookService).find('Dune')).price;

  beforeEach(() => {
    prices = new Map([['Dune', 12]]);
    isDown = false;
  });

  afterEach(async () => {
    for (const fleet of fleets.splice(0)) {
      fleet.assertCoherent();
      await fleet.stop();
    }
  });

  it('shows that an eviction survives a partition, without Redis', async () => {
    const fleet = await start({ instances: 3, seed: 7 });
    expect(await price(fleet, 1)).to.equal(12);
    fleet[1].partition();
    await fleet[0].get(BookService).update('Dune', 15);
    expect(await price(fleet, 1)).to.equal(12); // It may, within the bound.
    await fleet.elapse('2s');
    expect(await price(fleet, 1)).to.equal(15);
  });

  it('counts how often methods ran, in one server and in all', async () => {
    const fleet = await start();
    for (const index of [0, 0, 1, 1]) await price(fleet, index);
    expect([fleet.runs(BookService, 'find'), fleet[0].runs(BookService, 'find'), fleet[1].runs(BookService, 'find')]).to.deep.equal([
      1, 1, 0,
    ]);
    expect(() => fleet.runs(BookService, 'plain')).to.throw("BookService has no decorated method 'plain'.");
    expect(() => fleet.runs(BookService, 'fimd')).to.throw('Did you mean `find`?');
  });

  for (const [fault, silence] of Object.entries({
    'subscriber.halfOpen()': (fleet) => fleet[1].subscriber.halfOpen(),
    'subscriber.cut()': (fleet) => fleet[1].subscriber.cut(),
    'subscriber.dropNext()': (fleet) => fleet[1].subscriber.dropNext(1, 'book-channel'),
    'command.cut()': (fleet) => fleet[1].command.cut(),
    'command.cut(true) of the writer': (fleet) => fleet[0].command.cut(true),
    'redis.flush()': (fleet) => fleet.redis.flush(),
    'redis.restart()': (fleet) => fleet.redis.restart(),
    'redis.restart(redis.snapshot())': (fleet) => fleet.redis.restart(fleet.redis.snapshot()),
  } satisfies Record<string, (fleet: SimulatedFleet) => void>)) {
    it(`keeps the bound after ${fault}`, async () => {
      const fleet = await start();
      await price(fleet, 1);
      silence(fleet);
      await fleet[0].get(BookService).update('Dune', 15);
      await fleet.elapse('1001ms');
      expect(await price(fleet, 1)).to.equal(15);
    });
  }

  it('says that an eviction is not acknowledged while Redis is down, takes virtual time for it, and none of ours', async () => {
    const fleet = await start();
    await price(fleet, 1);
    fleet.redis.down();
    const error: unknown = await fleet[0]
      .get(BookService)
      .update('Dune', 15)
      .catch((cause: unknown) => cause);
    expect(error).to.include({ code: 'CACHE_EVICT_UNACKNOWLEDGED' });
    expect(fleet.clock.now()).to.be.within(500, 1_000);
    expect(await price(fleet, 0)).to.equal(15);
    fleet.redis.up();
    await fleet.elapse('1s');
    expect(await price(fleet, 1)).to.equal(15);
  });

  it('lets a service without decorators wait for its caches, too', async () => {
    const fleet = await start();
    fleet.redis.down();
    const cache = fleet[0].container.get(CacheManager).getCache('book')!;
    expect(await cache.evict('Dune').catch((cause: unknown) => cause)).to.include({ code: 'CACHE_EVICT_UNACKNOWLEDGED' });
  });

  it('keeps Redis away from servers that start while it is down, and from links that are healed', async () => {
    const fleet = await start();
    fleet.redis.down();
    fleet[0].heal();
    expect(await fleet.restart(1).catch((cause: unknown) => cause)).to.include({ code: 'CACHE_REMOTE_CONNECT_FAILED' });
    expect(
      await fleet[0]
        .cache('book')
        .evict('Dune')
        .catch((cause: unknown) => cause),
    ).to.include({ code: 'CACHE_EVICT_UNACKNOWLEDGED' });
    fleet.redis.up();
    await fleet.restart(1);
    expect(await price(fleet, 1)).to.equal(12);
  });

  it('goes on without a server that was killed, and starts another in its place', async () => {
    const fleet = await start({ instances: 3 });
    await price(fleet, 1);
    void fleet[1]
      .get(BookService)
      .update('Dune', 13)
      .catch(() => undefined);
    fleet[1].kill();
    await fleet[0].cache('book').evict('Dune', { acks: 'all' });
    expect(fleet.clock.now()).to.be.at.least(1_000); // So long the dead one may have been alive.
    await fleet.restart(1);
    expect(await price(fleet, 1)).to.equal(13);
    expect(fleet[1].runs(BookService, 'find') + fleet[0].runs(BookService, 'find')).to.equal(1);
    expect(await fleet.restart(9).catch((cause: unknown) => cause)).to.be.instanceOf(RangeError);
  });

  it('waits for all who serve the old value, with acks', async () => {
    const fleet = await start();
    await price(fleet, 1);
    await fleet.elapse('5s');
    fleet[1].subscriber.halfOpen();
    prices.set('Dune', 15);
    await fleet[0].cache('book').evict('Dune', { acks: 'all' });
    expect(await price(fleet, 1)).to.equal(15);
  });

  it('has all that caching brings: puts, many keys, transactions, reads past the caches', async () => {
    const fleet = await start();
    const [one, other] = [fleet[0].get(BookService), fleet[1].get(BookService)];
    await one.set('Dune', 20);
    expect(await other.find('Dune')).to.deep.equal({ price: 20 });
    prices.set('Emma', 8);
    expect([...(await other.findAll(['Dune', 'Emma'])).values()]).to.deep.equal([{ price: 20 }, { price: 8 }]);
    expect(fleet.runs(BookService, 'find')).to.equal(0);
    await runInTransaction(async () => {
      await one.update('Dune', 30);
      expect(await price(fleet, 1)).to.equal(20);
    });
    await fleet.settle();
    expect(await price(fleet, 1)).to.equal(30);
    prices.set('Dune', 31);
    expect(await withoutCache(() => price(fleet, 1))).to.equal(31);
  });

  it('serves an old value if the method fails, and none that was evicted', async () => {
    const fleet = await start({ options: { logger: false, caches: { book: { ttl: '1s', staleIfError: '1m' } } } });
    await price(fleet, 0);
    await fleet.elapse('5s');
    isDown = true;
    expect(await price(fleet, 0)).to.equal(12);
    await fleet[1].cache('book').evict('Dune');
    await fleet.settle();
    expect(await price(fleet, 0).catch((error: Error) => error.message)).to.equal('The database is away.');
  });

  it('may be a mixed fleet, as in a deployment', async () => {
    const books = [
      { tags: true, version: 1 },
      { tags: false, version: 1 },
      { tags: true, tiers: 'remote', version: 2 },
    ] as const;
    const fleet = await start({
      instances: 3,
      options: (index) => ({ bound: index === 0 ? '500ms' : '2s', logger: false, caches: { book: books[index]! } }),
    });
    const tags = (index: number): { tags?: string[] } => (index === 1 ? {} : { tags: ['scifi'] });
    const read = (index: number): Promise<number> =>
      fleet[index]!.cache<number>('book').getOrLoad('Dune', () => prices.get('Dune')!, tags(index));
    for (const index of [0, 1, 2]) expect(await read(index)).to.equal(12);
    fleet[1].partition();
    prices.set('Dune', 15);
    await fleet[0].cache('book').evictTagged(['scifi']);
    await fleet.elapse('500ms');
    expect(await read(0)).to.equal(15);
    await fleet.elapse('1501ms');
    for (const index of [1, 2]) expect(await read(index)).to.equal(15);
  });

  it('does the same for the same seed, and something else for another', async () => {
    const play = async (seed: number): Promise<readonly string[]> => {
      const fleet = await start({ seed });
      await Promise.all([price(fleet, 0), price(fleet, 1), fleet[0].get(BookService).update('Dune', 1), price(fleet, 1)]);
      await fleet.elapse('1s');
      return fleet.schedule;
    };
    expect(await play(5)).to.deep.equal(await play(5));
    expect(await play(5)).to.not.deep.equal(await play(6));
  });

  it('lets several fleets live at once, and replaces nothing of the process', async () => {
    const ours = [Date, setTimeout, setInterval, setImmediate, queueMicrotask];
    const [one, other] = await Promise.all([start({ seed: 1 }), start({ seed: 1 })]);
    const begun = Date.now();
    await Promise.all([one.elapse('1h'), price(other, 0)]);
    expect([one.clock.now(), other.clock.now()]).to.deep.equal([3_600_000, 0]);
    expect(Date.now() - begun).to.be.below(3_600_000);
    expect([Date, setTimeout, setInterval, setImmediate, queueMicrotask]).to.deep.equal(ours);
  });

  it('does nothing while nobody asks for anything, even if it is never stopped', async () => {
    const fleet = await start();
    const idle = await start();
    void fleet[0].cache('book').getOrLoad('Emma', () => new Promise(() => undefined));
    await fleet.settle();
    const before = [fleet.schedule.length, fleet.clock.now(), idle.schedule.length];
    for (let i = 0; i < 50; i += 1) await new Promise(setImmediate);
    expect([fleet.schedule.length, fleet.clock.now(), idle.schedule.length]).to.deep.equal(before);
    expect(process.getActiveResourcesInfo().filter((each) => each === 'Immediate')).to.deep.equal([]);
  });

  it('ends once, whoever asks', async () => {
    const fleet = await start();
    const cache = fleet[0].cache('book');
    fleet[1].partition();
    await Promise.all([fleet.stop(), fleet.stop()]);
    await fleet.stop();
    expect(await cache.evict('Dune').catch((cause: unknown) => cause)).to.include({ code: 'CACHE_STOPPED' });
  });

  for (const [what, options, message] of [
    ['nothing', undefined, 'Expected `options` to be an object, got undefined.'],
    ['no wire', {}, 'Expected `wire` to be a function, got undefined.'],
    [
      'a name that is not known',
      { wire: () => undefined, instance: 3 },
      'Unknown option `instance` of a simulated fleet. Did you mean `instances`?',
    ],
    ['no servers', { wire: () => undefined, instances: 0 }, 'Expected `instances` to be a whole number from 1 to 64, got 0.'],
    ['a seed that is none', { wire: () => undefined, seed: 0.5 }, 'Expected `seed` to be a whole number of at least 0, got 0.5.'],
    [
      'a clock',
      { wire: () => undefined, options: { clock: { now: () => 0 } } },
      '`clock` is no option of a simulated fleet, which decides it itself.',
    ],
    [
      'no options of a server',
      { wire: () => undefined, options: () => undefined },
      'Expected `options` to be an object for instance 0, got undefined.',
    ],
    ['an option of caching that is wrong', { wire: () => undefined, options: { bound: 1 } }, 'Expected `bound` to be'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      let error: unknown;
      await Promise.resolve()
        .then(() => simulateFleet(options as never))
        .catch((cause: unknown) => (error = cause));
      expect(error).to.include({ code: 'CACHE_OPTION_INVALID' });
      expect((error as Error).message).to.include(message);
    });
  }
});
