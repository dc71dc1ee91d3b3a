import { expect } from 'chai';
import {
  fitting,
  type FleetMessage,
  fleetTopics,
  formatFleetMessage,
  type InstanceStatus,
  MAXIMUM_FLEET_MESSAGE_LENGTH,
  parseFleetMessage,
} from '../../lib/fleet/index.js';
import { nearlyRight, slowest } from '../support/fuzz.js';

const status: InstanceStatus = {
  id: 'one',
  namespace: 'shop',
  host: 'box',
  pid: 7,
  startedAt: 1_000,
  at: 2_000,
  boundMs: 1_000,
  status: 'degraded',
  links: { command: 'up', subscriber: 'down' },
  caches: {
    book: {
      status: 'up',
      isServing: true,
      leaseLeftMs: 12.5,
      provenMs: 987.5,
      tiers: 'both',
      topic: 'book-channel',
      maximumSize: 10,
      ttlMs: 0,
      tags: true,
      statistics: { localHits: 3, breaker: 'closed' },
    },
  },
};

const messages: readonly FleetMessage[] = [
  { kind: 'watch', from: 'w', isFirst: true },
  { kind: 'gone', from: 'one' },
  { kind: 'status', from: 'one', status },
  {
    kind: 'feed',
    from: 'one',
    lost: 2,
    entries: [
      { at: 1, kind: 'evicted', cache: 'book', keys: ['Dune'], count: 1, origin: 'two', seq: 4, lagMs: 0.5 },
      { at: 2, kind: 'cleared', cache: 'book', origin: 'two', seq: 5, lagMs: 1 },
      { at: 3, kind: 'bypass', cache: 'book', active: true },
      { at: 4, kind: 'gap', cache: 'book', expected: 6, received: 8 },
      { at: 5, kind: 'link', link: 'subscriber', isUp: false },
      { at: 6, kind: 'tagsEvicted', cache: 'book', tags: ['author:1', '~42'], count: 12, origin: 'two', seq: 9, lagMs: 0.5 },
    ],
  },
];

/** As parsing leaves it: records have no prototype there. */
const plain = (message: unknown): unknown => JSON.parse(JSON.stringify(message));

describe(parseFleetMessage.name, () => {
  for (const message of messages) {
    it(`reads back a '${message.kind}'`, () => {
      expect(plain(parseFleetMessage(formatFleetMessage(message)))).to.deep.equal(message);
    });
  }

  it('reads the first version as it was written then', () => {
    expect(parseFleetMessage('{"v":1,"kind":"watch","from":"w","isFirst":false}')).to.deep.equal({
      kind: 'watch',
      from: 'w',
      isFirst: false,
    });
  });

  const body = (change: object): string => JSON.stringify({ v: 1, kind: 'status', from: 'one', status: { ...status, ...change } });
  const malformed: readonly (readonly [string, string, string])[] = [
    ['no JSON', 'x', 'unknown head'],
    ['no end', '{"v":1,"kind":"gone","from":"a"', 'not JSON'],
    ['no object', '[]', 'unknown head'],
    ['another version', '{"v":2,"kind":"gone","from":"a"}', 'unknown head'],
    ['another version at the end', '{"v":1,"kind":"gone","from":"a","v":2}', 'unknown version'],
    ['another order', '{"kind":"gone","from":"a","v":1}', 'unknown head'],
    ['a reason of its own', '{"v":1,"kind":"x","from":"a","malformed":"anything"}', 'unknown kind'],
    ['brackets without end', `{"v":1,"kind":${'['.repeat(200_000)}`, 'too deep'],
    ['no sender', '{"v":1,"kind":"gone"}', 'no sender'],
    ['a sender of endless name', `{"v":1,"kind":"gone","from":"${'x'.repeat(257)}"}`, 'no sender'],
    ['an unknown kind', '{"v":1,"kind":"shutdown","from":"a"}', 'unknown kind'],
    ['a status in the name of another', body({ id: 'two' }), 'no status'],
    ['a health that is none', body({ status: 'fine' }), 'no status'],
    ['times before time', body({ at: -1 }), 'no status'],
    ['times that are none for a Date', body({ at: 1e300 }), 'no status'],
    ['a start in the year 10000', body({ startedAt: Date.UTC(10_000, 0) }), 'no status'],
    ['an infinite bound', body({}).replace('"boundMs":1000', '"boundMs":1e999'), 'no status'],
    ['a bound beyond reason', body({ boundMs: 1e300 }), 'no status'],
    ['a process of half a number', body({ pid: 0.5 }), 'no status'],
    ['a host of endless name', body({ host: 'x'.repeat(257) }), 'no status'],
    ['twenty-one links', body({ links: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`l${i}`, 'up'])) }), 'no status'],
    ['a thousand and one caches', body({ caches: Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [i, {}])) }), 'no status'],
    ['a feed without entries', '{"v":1,"kind":"feed","from":"a","lost":0}', 'no entries'],
    ['a feed of too many', JSON.stringify({ v: 1, kind: 'feed', from: 'a', lost: 0, entries: Array(1_001).fill({}) }), 'no entries'],
    ['more than it may be long', `{"v":1,"kind":${' '.repeat(MAXIMUM_FLEET_MESSAGE_LENGTH)}`, 'too long'],
  ];
  for (const [title, text, reason] of malformed) {
    it(`refuses ${title}`, () => expect(parseFleetMessage(text)).to.deep.equal({ malformed: reason }));
  }

  it('takes what it knows, and leaves the rest', () => {
    const caches = {
      book: { ...status.caches['book'], more: 1, statistics: { localHits: 3, bad: null, worse: { a: 1 }, name: 'x' } },
      broken: { status: 'up' },
      ['__proto__']: status.caches['book'],
    };
    const text = body({ extra: '<script>', links: { command: 'up', odd: 7 }, caches }).replace('"broken"', '"broken"');
    const message = parseFleetMessage(text) as Extract<FleetMessage, { kind: 'status' }>;
    expect(plain(message.status)).to.not.have.property('extra');
    expect(plain(message.status.links)).to.deep.equal({ command: 'up' });
    expect(Object.keys(message.status.caches)).to.include('book').and.not.include('broken');
    expect(plain(message.status.caches['book']?.statistics)).to.deep.equal({ localHits: 3, name: 'x' });
    expect(Object.getPrototypeOf(message.status.caches)).to.equal(null);
  });

  it('leaves out figures that are none, in whatever place', () => {
    const { tags: _tags, ...book } = status.caches['book']!;
    const good = { ...book, statistics: { localHits: 3 } };
    const figures = {
      huge: 1e300,
      negative: -1,
      infinite: 7,
      text: 'x'.repeat(257),
      most: Number.MAX_SAFE_INTEGER,
      more: 2 ** 53,
      part: 0.25,
    };
    const text = body({
      caches: {
        good,
        odd: {
          ...good,
          leaseLeftMs: 1e300,
          provenMs: -1,
          ttlMs: -5,
          tags: 'some',
          maximumSize: 0.5,
          topic: 'x'.repeat(257),
          tiers: 'all',
          statistics: figures,
        },
      },
    }).replace('"infinite":7', '"infinite":1e999');
    const message = parseFleetMessage(text) as Extract<FleetMessage, { kind: 'status' }>;
    expect(plain(message.status.caches)).to.deep.equal({
      good,
      odd: { status: 'up', isServing: true, statistics: { most: Number.MAX_SAFE_INTEGER, part: 0.25 } },
    });
  });

  it('reads a status without the age of a proof, which older instances do not tell', () => {
    const { provenMs: _provenMs, ...book } = status.caches['book']!;
    const message = parseFleetMessage(body({ caches: { book } })) as Extract<FleetMessage, { kind: 'status' }>;
    expect(plain(message.status.caches['book'])).to.deep.equal(book);
  });

  it('leaves out entries with a time, a figure or a text that nobody can use', () => {
    const evicted = { at: 1, kind: 'evicted', cache: 'book', keys: ['Dune'], count: 1, origin: 'two', seq: 4, lagMs: 0.5 };
    const good = { at: 8, kind: 'link', link: 'command', isUp: true };
    const tagged = { at: 1, kind: 'tagsEvicted', cache: 'book', tags: ['author:1'], count: 1, origin: 'two', seq: 4 };
    const entries = [
      { ...evicted, at: 1e300 },
      { ...evicted, at: -1 },
      { ...evicted, at: '1' },
      { ...evicted, at: null },
      { ...evicted, at: 8_640_000_000_000_001 },
      { ...evicted, at: Date.UTC(10_000, 0) },
      { ...evicted, count: 1e300 },
      { ...evicted, seq: 2 ** 53 },
      { ...evicted, keys: Array(11).fill('x') },
      { ...evicted, keys: ['x'.repeat(201)] },
      { ...evicted, origin: 'x'.repeat(257) },
      { ...evicted, cache: '' },
      { at: 1, kind: 'gap', cache: 'book', expected: 1, received: 1e300 },
      { ...tagged, tags: undefined, keys: ['author:1'] },
      { ...tagged, tags: Array(11).fill('x') },
      { ...tagged, tags: ['x'.repeat(201)] },
      { ...tagged, tags: [7] },
      { ...tagged, count: -1 },
      { ...tagged, origin: '' },
      { ...tagged, seq: 0.5 },
      good,
    ];
    const text = JSON.stringify({ v: 1, kind: 'feed', from: 'one', lost: 0, entries });
    const parsed = parseFleetMessage(text) as Extract<FleetMessage, { kind: 'feed' }>;
    expect(parsed.entries).to.deep.equal([good]);
    const late = parseFleetMessage(JSON.stringify({ v: 1, kind: 'feed', from: 'one', lost: 0, entries: [{ ...evicted, lagMs: 1e300 }] }));
    expect(late).to.have.nested.property('entries.0').that.does.not.have.property('lagMs');
  });

  it('answers 100 000 inputs that are nearly right with a message or one of a few reasons, each at once', function () {
    this.timeout(600_000); // A few seconds, if nothing else runs.
    const seeds = messages.map(formatFleetMessage);
    const reasons = new Set<string>();
    let read = 0;
    const look = (input: string): void => {
      const message = parseFleetMessage(input);
      if ('malformed' in message) return void reasons.add(message.malformed);
      read += 1;
      if (!input.startsWith('{"v":1,"kind":')) expect.fail(`read without a head: ${input}`);
      checkSane(message);
    };
    expect(slowest(nearlyRight(seeds, 100_000, 1), look, 5)).to.equal(undefined);
    // It would prove little if none came through, or if all failed at the first step.
    expect(read).to.be.greaterThan(5_000);
    expect([...reasons].sort()).to.deep.equal([
      'no entries',
      'no sender',
      'no status',
      'not JSON',
      'too deep',
      'unknown head',
      'unknown kind',
      'unknown version',
    ]);
  });

  it('leaves out entries that mean nothing to it, and keeps the others', () => {
    const entries = [
      { at: 1, kind: 'exploded' },
      { at: 2, kind: 'evicted', cache: 'book', keys: [7], count: 1, origin: 'a', seq: 1 },
      ...(messages[3] as unknown as { entries: unknown[] }).entries,
    ];
    const parsed = parseFleetMessage(JSON.stringify({ v: 1, kind: 'feed', from: 'one', lost: 0, entries })) as Extract<
      FleetMessage,
      { kind: 'feed' }
    >;
    expect(parsed.entries.map(({ kind }) => kind)).to.deep.equal(['evicted', 'cleared', 'bypass', 'gap', 'link', 'tagsEvicted']);
  });
});

/** What everybody behind the parser relies on. Told without `expect`: there are millions of values. */
function checkSane(value: unknown, name = ''): void {
  if (Array.isArray(value)) value.forEach((each) => checkSane(each, name));
  else if (typeof value === 'object' && value !== null) for (const each of Object.keys(value)) checkSane((value as never)[each], each);
  else if (!isSane(value, name)) expect.fail(`${name} is ${String(value)}`);
}

function isSane(value: unknown, name: string): boolean {
  if (typeof value === 'string') return value.length <= 256;
  if (typeof value !== 'number') return typeof value === 'boolean';
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return false;
  return (name !== 'at' && name !== 'startedAt') || /^\d{4}-/.test(new Date(value).toISOString());
}

describe(fitting.name, () => {
  const withCaches = (count: number, name = (i: number): string => `cache-${i}`): InstanceStatus => ({
    ...status,
    caches: Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), status.caches['book']!])),
  });
  const sent = (whole: InstanceStatus): InstanceStatus => {
    const body = formatFleetMessage({ kind: 'status', from: 'one', status: fitting(whole) });
    expect(body.length).to.be.at.most(MAXIMUM_FLEET_MESSAGE_LENGTH);
    return (parseFleetMessage(body) as Extract<FleetMessage, { kind: 'status' }>).status;
  };

  it('leaves a status as it is that fits', () => {
    const whole = withCaches(500);
    expect(fitting(whole)).to.equal(whole);
    expect(sent(whole)).to.not.have.property('omittedCaches');
  });

  for (const [count, name] of [
    [1_001, (i: number) => `${i}x`],
    [20_000, undefined],
    [2_000, (i: number) => `${'\u0001'.repeat(200)}${i}`],
    [2_000, (i: number) => `${'書'.repeat(200)}${i}`],
  ] as const) {
    it(`tells as many of ${count} caches as fit, and how many more there are`, () => {
      const whole = withCaches(count, name);
      const { caches, omittedCaches } = sent(whole);
      const told = Object.keys(caches);
      expect(told.length).to.be.within(100, 1_000);
      expect(omittedCaches).to.equal(count - told.length);
      expect(told).to.deep.equal(Object.keys(whole.caches).slice(0, told.length));
    });
  }
});

describe(fleetTopics.name, () => {
  it('keeps namespaces and databases apart', () => {
    expect(fleetTopics('shop')).to.deep.equal({ ask: 'shop:fleet:ask', answer: 'shop:fleet:answer' });
    expect(fleetTopics('shop', 3)).to.deep.equal({ ask: 'shop:fleet:ask@3', answer: 'shop:fleet:answer@3' });
  });
});
