import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { CacheHealth } from '../../lib/cache/index.js';
import { CacheEvents } from '../../lib/event/index.js';
import {
  type FleetMessage,
  FleetReporter,
  formatFleetMessage,
  LEAST_BETWEEN_STATUSES_MS,
  MAXIMUM_FLEET_MESSAGE_LENGTH,
  parseFleetMessage,
  REPORT_EVERY_MS,
  WATCHED_FOR_MS,
} from '../../lib/fleet/index.js';

describe(FleetReporter.name, () => {
  let timers: SinonFakeTimers;
  let events: CacheEvents;
  let published: FleetMessage[];
  let isAway: boolean;
  let health: CacheHealth;
  let reporter: FleetReporter;
  let snapshots: number;

  const ask = (isFirst = true): void =>
    reporter.heard({ channel: 'shop:fleet:ask', body: formatFleetMessage({ kind: 'watch', from: 'w', isFirst }) });
  const kinds = (): string[] => published.map(({ kind }) => kind);
  const evict = (key: string, seq = 1): void => events.emit('evicted', { cache: 'book', keys: [key], origin: 'two', seq, lagMs: 0.5 });
  const feed = (): unknown[] => published.flatMap((message) => (message.kind === 'feed' ? message.entries : []));

  beforeEach(() => {
    timers = useFakeTimers({ now: 5_000, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    events = new CacheEvents();
    published = [];
    isAway = false;
    snapshots = 0;
    health = {
      status: 'up',
      links: { command: 'up', subscriber: 'up' },
      caches: { book: { status: 'up', provenMs: 12.5, boundMs: 1_000 } },
    };
    reporter = new FleetReporter({
      instanceId: 'one',
      namespace: 'shop',
      boundMs: 1_000,
      clock: { now: () => Date.now() },
      manager: {
        health: () => health,
        statistics: () => ((snapshots += 1), { book: { localHits: 7, lastLagMs: undefined, breaker: 'closed' } as never }),
      },
      describe: () => ({ tiers: 'both', topic: 'shop:book-channel', leaseLeftMs: 900, isServing: true }),
      events,
      publish: (message) => {
        if (isAway) return Promise.reject(new Error('away'));
        expect(message.length).to.be.at.most(MAXIMUM_FLEET_MESSAGE_LENGTH);
        published.push(parseFleetMessage(message) as FleetMessage);
        return Promise.resolve();
      },
    });
  });

  afterEach(async () => {
    await reporter.stop();
    const left = timers.countTimers();
    timers.restore();
    expect(left, 'timers left').to.equal(0);
  });

  it('does nothing while nobody asks: no timer, no listener, no snapshot', async () => {
    expect(timers.countTimers()).to.equal(0);
    for (const name of ['evicted', 'tagsEvicted', 'cleared', 'bypass', 'gap', 'lost'] as const)
      expect(events.has(name), name).to.equal(false);
    await timers.tickAsync(60_000);
    expect([published, snapshots]).to.deep.equal([[], 0]);
  });

  it('answers at once, and then once a second, for ten seconds after the last question', async () => {
    ask();
    expect(kinds()).to.deep.equal(['status']);
    await timers.tickAsync(3 * REPORT_EVERY_MS);
    expect(kinds().length).to.equal(4);
    ask(false);
    expect(kinds().length, 'a repeated question is not answered by itself').to.equal(4);
    await timers.tickAsync(WATCHED_FOR_MS + REPORT_EVERY_MS);
    expect(kinds().length).to.equal(14);
    expect(reporter.isActive).to.equal(false);
    expect(events.has('evicted')).to.equal(false);
    await timers.tickAsync(60_000);
    expect(kinds().length).to.equal(14);
  });

  it('answers a new watcher at once although it is answering others', async () => {
    ask();
    await timers.tickAsync(LEAST_BETWEEN_STATUSES_MS + 1);
    ask();
    expect(kinds()).to.deep.equal(['status', 'status']);
  });

  it('tells its status five times a second however many ask, and the last of them soon', async () => {
    for (let i = 0; i < 5_000; i += 1) ask();
    expect([kinds(), snapshots]).to.deep.equal([['status'], 1]);
    await timers.tickAsync(LEAST_BETWEEN_STATUSES_MS);
    expect([kinds(), snapshots], 'those who asked meanwhile').to.deep.equal([['status', 'status'], 2]);
    await timers.tickAsync(LEAST_BETWEEN_STATUSES_MS);
    expect(kinds().length, 'nobody asked meanwhile').to.equal(2);
    for (let ms = 0; ms < 10_000; ms += 1) {
      ask();
      await timers.tickAsync(1);
    }
    expect(kinds().length).to.be.within(2 + 45, 2 + 51);
  });

  it('tells its status five times a second however many caches go into bypass', async () => {
    ask();
    for (let i = 0; i < 500; i += 1) {
      events.emit('bypass', { cache: `cache-${i}`, active: true });
      events.emit('lost', { link: 'subscriber', endpoint: 'x' });
    }
    await timers.tickAsync(REPORT_EVERY_MS - 1);
    expect(kinds().filter((kind) => kind === 'status').length).to.equal(2);
  });

  it('tells what fits of very many caches', () => {
    health = { ...health, caches: Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`cache-${i}`, { status: 'up' as const }])) };
    ask();
    const [{ status }] = published as [Extract<FleetMessage, { kind: 'status' }>];
    const told = Object.keys(status.caches).length;
    expect([told > 500, status.omittedCaches]).to.deep.equal([true, 5_000 - told]);
  });

  it('tells how the instance stands', () => {
    ask();
    const message = published[0] as Extract<FleetMessage, { kind: 'status' }>;
    expect(message.status).to.include({
      id: 'one',
      namespace: 'shop',
      pid: process.pid,
      startedAt: 5_000,
      at: 5_000,
      boundMs: 1_000,
      status: 'up',
    });
    expect(JSON.parse(JSON.stringify(message.status.caches))).to.deep.equal({
      book: {
        status: 'up',
        isServing: true,
        leaseLeftMs: 900,
        provenMs: 12.5,
        tiers: 'both',
        topic: 'shop:book-channel',
        statistics: { localHits: 7, breaker: 'closed' },
      },
    });
  });

  it('tells evictions together with those that follow at once', async () => {
    ask();
    evict('Dune', 1);
    evict('Emma', 2);
    expect(kinds()).to.deep.equal(['status']);
    await timers.tickAsync(100);
    expect(feed()).to.deep.equal([
      { at: 5_000, kind: 'evicted', cache: 'book', keys: ['Dune'], count: 1, origin: 'two', seq: 1, lagMs: 0.5 },
      { at: 5_000, kind: 'evicted', cache: 'book', keys: ['Emma'], count: 1, origin: 'two', seq: 2, lagMs: 0.5 },
    ]);
    expect(kinds()).to.deep.equal(['status', 'feed']);
  });

  it('tells the first of many keys, shortened where they are long, and how many there are', async () => {
    ask();
    events.emit('evicted', {
      cache: 'book',
      keys: Array.from({ length: 500 }, () => 'x'.repeat(500)),
      origin: 'two',
      seq: 1,
      lagMs: undefined,
    });
    await timers.tickAsync(100);
    const [entry] = feed() as [{ keys: string[]; count: number; lagMs?: number }];
    expect(entry.keys).to.deep.equal(Array(10).fill(`${'x'.repeat(199)}…`));
    expect(entry.count).to.equal(500);
    expect(entry).to.not.have.property('lagMs');
  });

  it('tells an eviction of tags as one of keys: the first, and how many there are', async () => {
    ask();
    const tags = ['author:1', ...Array.from({ length: 499 }, () => 'x'.repeat(500))];
    events.emit('tagsEvicted', { cache: 'book', tags, origin: 'two', seq: 1, lagMs: 0.5 });
    await timers.tickAsync(100);
    const shown = ['author:1', ...Array(9).fill(`${'x'.repeat(199)}…`)];
    expect(feed()).to.deep.equal([
      { at: 5_000, kind: 'tagsEvicted', cache: 'book', tags: shown, count: 500, origin: 'two', seq: 1, lagMs: 0.5 },
    ]);
  });

  it('tells of a bypass at once, and how it stands then', async () => {
    ask();
    await timers.tickAsync(LEAST_BETWEEN_STATUSES_MS);
    health = { ...health, status: 'degraded', caches: { book: { status: 'degraded' } } };
    events.emit('bypass', { cache: 'book', active: true });
    expect(kinds()).to.deep.equal(['status', 'status']);
    expect((published[1] as Extract<FleetMessage, { kind: 'status' }>).status.status).to.equal('degraded');
  });

  it('tells links by their health, not by how often they are made', async () => {
    ask();
    for (let i = 0; i < 100; i += 1) events.emit('connected', { link: 'command', endpoint: 'x' });
    health = { ...health, links: { command: 'down', subscriber: 'up' } };
    await timers.tickAsync(2 * REPORT_EVERY_MS + 100);
    expect(feed()).to.deep.equal([{ at: 6_000, kind: 'link', link: 'command', isUp: false }]);
  });

  it('keeps what happened while the link was away, and tells it afterwards', async () => {
    ask();
    isAway = true;
    evict('Dune');
    await timers.tickAsync(100);
    expect(feed()).to.deep.equal([]);
    isAway = false;
    await timers.tickAsync(REPORT_EVERY_MS + 100);
    expect(feed().length).to.equal(1);
  });

  it('keeps the newest two hundred, and says how many it dropped', async () => {
    ask();
    for (let seq = 1; seq <= 250; seq += 1) evict('Dune', seq);
    await timers.tickAsync(100);
    const message = published.find(({ kind }) => kind === 'feed') as Extract<FleetMessage, { kind: 'feed' }>;
    expect([message.entries.length, message.lost]).to.deep.equal([200, 50]);
    expect(message.entries[0]).to.include({ seq: 51 });
  });

  it('tells what is too long for one message in several, each entry once', async () => {
    const longest = '\u0001'.repeat(10_000);
    ask();
    for (let seq = 1; seq <= 200; seq += 1)
      events.emit('evicted', { cache: 'book', keys: Array(10).fill(longest), origin: longest, seq, lagMs: 1 });
    await timers.tickAsync(100);
    expect(kinds().filter((kind) => kind === 'feed').length).to.be.greaterThan(4);
    expect((feed() as { seq: number }[]).map(({ seq }) => seq)).to.deep.equal(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(published.reduce((lost, message) => lost + (message.kind === 'feed' ? message.lost : 0), 0)).to.equal(0);
  });

  it('tells a neighbour without a message, for as long as it listens', async () => {
    const heard: FleetMessage[] = [];
    const end = reporter.tell((message) => heard.push(message));
    evict('Dune');
    expect(heard.map(({ kind }) => kind)).to.deep.equal(['status', 'feed']);
    await timers.tickAsync(100);
    expect(published).to.deep.equal([]);
    end();
    await timers.tickAsync(REPORT_EVERY_MS);
    expect(reporter.isActive).to.equal(false);
  });

  it('says goodbye to those who watch, and to nobody else', async () => {
    await reporter.stop();
    expect(published).to.deep.equal([]);
    ask();
    await reporter.stop();
    expect(kinds()).to.deep.equal(['status', 'gone']);
  });

  it('tells once of what is no question', () => {
    const reasons: string[] = [];
    events.on('malformed', ({ topic, reason }) => reasons.push(`${topic}: ${reason}`));
    for (let i = 0; i < 1_000; i += 1) {
      const forged = [
        `x${i}`,
        `{"v":1,"kind":"x${i}"`,
        `{"v":1,"kind":"x${i}","from":"a","malformed":"${i}"}`,
        `{"v":1,"kind":"gone","from":"a${i}"}`,
      ];
      for (const body of forged) reporter.heard({ channel: 'shop:fleet:ask', body });
    }
    expect(reasons).to.deep.equal(['unknown head', 'not JSON', 'unknown kind', 'no question'].map((reason) => `shop:fleet:ask: ${reason}`));
    expect(reporter.isActive).to.equal(false);
  });
});
