import { expect } from 'chai';
import sinon from 'sinon';
import { CallsUnderWay, type InstanceLinks, type TwoTierCache, TwoTierCacheManager } from '../../../lib/cache/index.js';
import { cacheErrorOf, rejectionOf } from '../../contract/rejection.js';
import { FakeClock } from '../../support/fake-clock.js';
import { turn } from '../../support/promises.js';

describe(TwoTierCacheManager.name, () => {
  let did: string[];
  let calls: CallsUnderWay;
  let links: { -readonly [K in keyof InstanceLinks]: InstanceLinks[K] };
  let states: { command: 'up' | 'down'; serving: boolean; pending: number };

  const cacheOf = (name: string): TwoTierCache =>
    ({
      name,
      isServing: () => states.serving,
      get pendingEvictions() {
        return states.pending;
      },
      stop: async () => void did.push(`stop ${name}`),
      reconnected: () => void did.push(`reconnected ${name}`),
      joinWith: (joined: Promise<string>) => void joined.then((of) => did.push(`${name} joins as ${of}`)),
      statistics: () => ({ loads: name.length }),
    }) as unknown as TwoTierCache;

  const make = (options: { names?: string[]; dynamic?: boolean } = {}): TwoTierCacheManager =>
    new TwoTierCacheManager({
      names: options.names ?? ['book'],
      dynamic: options.dynamic ?? true,
      clock: new FakeClock(),
      create: sinon.spy((name: string) => (did.push(`create ${name}`), cacheOf(name))),
      calls,
      links,
    });

  beforeEach(() => {
    did = [];
    calls = new CallsUnderWay(1_000);
    states = { command: 'up', serving: true, pending: 0 };
    links = {
      start: async () => void did.push('start'),
      joined: (name) => Promise.resolve(name) as unknown as Promise<void>,
      quiesce: async () => void did.push('quiesce'),
      stop: async () => void did.push('stop links'),
      health: () => ({ command: states.command }),
      reason: () => 'The links know why.',
      proofOf: () => ({}),
    };
  });

  describe('getCache', () => {
    it('creates unknown names once if it is dynamic', () => {
      const manager = make();
      const author = manager.getCache('author');
      expect(author?.name).to.equal('author');
      expect(manager.getCache('author')).to.equal(author);
      expect(manager.getCache('book')).to.equal(manager.getCache('book'));
      expect(manager.cacheNames).to.deep.equal(['book', 'author']);
      expect(did.filter((what) => what.startsWith('create'))).to.deep.equal(['create book', 'create author']);
    });

    it('knows only the given names if it is static', () => {
      const manager = make({ dynamic: false });
      expect([manager.getCache('author'), manager.getCache('book')?.name, manager.cacheNames]).to.deep.equal([undefined, 'book', ['book']]);
      expect(did.filter((what) => what.startsWith('create'))).to.deep.equal(['create book']);
    });

    for (const [what, name] of [
      ['that is known', 'book'],
      ['that is created for it', 'author'],
    ] as const) {
      // prettier-ignore
      it(`starts the connections with the first use of a cache ${what}, once, and has every cache wait`, async () => {
        const manager = make();
        manager.getCache(name);
        manager.getCache('book');
        manager.getCache('late');
        await manager.start();
        const names = name === 'book' ? ['book', 'late'] : ['book', 'author', 'late'];
        expect(did.filter((each) => each === 'start')).to.deep.equal(['start']);
        expect(did.filter((each) => each.includes('joins'))).to.deep.equal(names.map((each) => `${each} joins as ${each}`));
      });
    }

    it('has only those caches wait that come after an explicit start', async () => {
      const manager = make();
      await manager.start();
      manager.getCache('book');
      manager.getCache('late');
      await Promise.resolve();
      expect(did.filter((each) => each.includes('joins'))).to.deep.equal(['late joins as late']);
    });

    it('survives that the connections then cannot be opened; who starts it explicitly is told', async () => {
      const refused = new Error('refused');
      links.start = () => Promise.reject(refused);
      const manager = make();
      expect(manager.getCache('author')?.name).to.equal('author');
      expect(await rejectionOf(manager.start())).to.equal(refused);
    });

    it('creates none after it was stopped', async () => {
      const manager = make();
      await manager.stop();
      expect([manager.getCache('author'), manager.getCache('book')?.name]).to.deep.equal([undefined, 'book']);
      expect(did).not.to.include('start');
    });
  });

  describe('start', () => {
    it('starts once', async () => {
      const manager = make();
      await Promise.all([manager.start(), manager.start()]);
      await manager.start();
      expect(did).to.deep.equal(['create book', 'start']);
    });

    it('is refused after stop', async () => {
      const manager = make();
      await manager.stop();
      const error = await cacheErrorOf(manager.start());
      expect([error.code, error.message]).to.deep.equal(['CACHE_STOPPED', 'The cache manager was stopped and cannot be started again.']);
    });
  });

  describe('stop', () => {
    it('ends listening, then the caches, then the connections; once', async () => {
      const manager = make({ names: ['book', 'author'] });
      await manager.start();
      did = [];
      await Promise.all([manager.stop(), manager.stop()]);
      await manager.stop();
      expect(did).to.deep.equal(['quiesce', 'stop book', 'stop author', 'stop links']);
    });

    it('waits for calls under way first, which may still ask for caches', async () => {
      const manager = make();
      await manager.start();
      calls.begin();
      did = [];
      const stopped = manager.stop();
      await turn();
      expect([manager.getCache('late')?.name, did]).to.deep.equal(['late', ['create late']]);
      calls.end();
      await stopped;
      expect([manager.getCache('later'), did.slice(2)]).to.deep.equal([undefined, ['quiesce', 'stop book', 'stop late', 'stop links']]);
    });

    it('refuses no calls where nothing was started', async () => {
      await make().stop();
      expect(calls.isClosing).to.equal(false);
    });
  });

  describe('health', () => {
    it('is up when every link is and every cache serves', () => {
      expect(make().health()).to.deep.equal({ status: 'up', links: { command: 'up' }, caches: { book: { status: 'up' } } });
    });

    it('says how far reads of each cache can lag behind, whether or not it is up', () => {
      links.proofOf = (cache) => ({ boundMs: 1_000, provenMs: cache.length });
      expect(make({ names: ['book', 'author'] }).health().caches).to.deep.equal({
        book: { status: 'up', boundMs: 1_000, provenMs: 4 },
        author: { status: 'up', boundMs: 1_000, provenMs: 6 },
      });
      states.serving = false;
      expect(make().health().caches['book']).to.deep.equal({
        status: 'degraded',
        reason: 'The links know why.',
        boundMs: 1_000,
        provenMs: 4,
      });
    });

    for (const [what, change, links_, reason] of [
      ['a link is down', { command: 'down' }, 'down', undefined],
      ['a cache is bypassed', { serving: false }, 'up', 'The links know why.'],
      ['an eviction is not acknowledged', { pending: 1 }, 'up', 'Evictions that are not acknowledged: 1.'],
      ['a cache has two reasons', { serving: false, pending: 1 }, 'up', 'The links know why. Evictions that are not acknowledged: 1.'],
    ] as const) {
      it(`is degraded while ${what}`, () => {
        Object.assign(states, change);
        const book = reason === undefined ? { status: 'up' } : { status: 'degraded', reason };
        expect(make().health()).to.deep.equal({ status: 'degraded', links: { command: links_ }, caches: { book } });
      });
    }

    it('is down after stop', async () => {
      const manager = make();
      await manager.stop();
      const { status, caches } = manager.health();
      expect([status, caches]).to.deep.equal(['down', { book: { status: 'down', reason: 'The cache manager was stopped.' } }]);
    });
  });

  it('hands on statistics by name, and that the remote tier is back', () => {
    const manager = make({ names: ['book', 'author'] });
    expect(manager.statistics()).to.deep.equal({ book: { loads: 4 }, author: { loads: 6 } });
    manager.reconnected();
    expect(did.slice(2)).to.deep.equal(['reconnected book', 'reconnected author']);
  });
});
