import { expect } from 'chai';
import {
  type FleetMessage,
  fleetTopics,
  formatFleetMessage,
  type InstanceStatus,
  MAXIMUM_FLEET_MESSAGE_LENGTH,
  parseFleetMessage,
} from '../../lib/fleet/index.js';

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
      tiers: 'both',
      topic: 'book-channel',
      maximumSize: 10,
      ttlMs: 0,
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
    ['no JSON', 'x', 'not JSON'],
    ['no object', '[]', 'not an object'],
    ['another version', '{"v":2,"kind":"gone","from":"a"}', 'unknown version'],
    ['no sender', '{"v":1,"kind":"gone"}', 'no sender'],
    ['a sender of endless name', `{"v":1,"kind":"gone","from":"${'x'.repeat(257)}"}`, 'no sender'],
    ['an unknown kind', '{"v":1,"kind":"shutdown","from":"a"}', 'unknown kind'],
    ['a status in the name of another', body({ id: 'two' }), 'no status'],
    ['a health that is none', body({ status: 'fine' }), 'no status'],
    ['times before time', body({ at: -1 }), 'no status'],
    ['a thousand and one caches', body({ caches: Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [i, {}])) }), 'no status'],
    ['a feed without entries', '{"v":1,"kind":"feed","from":"a","lost":0}', 'no entries'],
    ['a feed of too many', JSON.stringify({ v: 1, kind: 'feed', from: 'a', lost: 0, entries: Array(1_001).fill({}) }), 'no entries'],
    ['more than it may be long', ' '.repeat(MAXIMUM_FLEET_MESSAGE_LENGTH + 1), 'too long'],
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
    expect(parsed.entries.map(({ kind }) => kind)).to.deep.equal(['evicted', 'cleared', 'bypass', 'gap', 'link']);
  });
});

describe(fleetTopics.name, () => {
  it('keeps namespaces and databases apart', () => {
    expect(fleetTopics('shop')).to.deep.equal({ ask: 'shop:fleet:ask', answer: 'shop:fleet:answer' });
    expect(fleetTopics('shop', 3)).to.deep.equal({ ask: 'shop:fleet:ask@3', answer: 'shop:fleet:answer@3' });
  });
});
