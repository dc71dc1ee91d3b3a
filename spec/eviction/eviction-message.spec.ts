import { expect } from 'chai';
import fc from 'fast-check';
import { LEAST_DAMAGED } from '../../lib/eviction/cache-state.js';
import { type EvictionMessage, parseMessage } from '../../lib/eviction/index.js';
import { formatMessage, MAXIMUM_MESSAGE_LENGTH, messageWriter } from '../../lib/eviction/messages.js';
import { EDITION } from '../../lib/eviction/remote-keys.js';

const evicted: EvictionMessage = {
  ns: 'cache',
  cache: 'book',
  seq: 42,
  gen: '1700000000000000',
  op: 'evict',
  keys: ['Dune', '~["a",1]'],
  origin: 'one~0123456789ab',
};

const tagged: EvictionMessage = { ...evicted, op: 'evictTagged', keys: [], tags: ['herbert', '~["a",1]'] };

const ofKeys: fc.Arbitrary<EvictionMessage> = fc.record(
  {
    ns: fc.string(),
    cache: fc.string({ unit: 'binary' }),
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    gen: fc.integer({ min: 1, max: LEAST_DAMAGED - 1 }).map(String),
    op: fc.constantFrom('evict', 'put', 'clear'),
    keys: fc.array(fc.string({ unit: 'binary' })),
    origin: fc.stringMatching(/^[\w.-]{1,128}~[0-9a-f]{12}$/),
    at: fc.nat(Number.MAX_SAFE_INTEGER),
    ack: fc.constant(true),
  },
  { requiredKeys: ['ns', 'cache', 'seq', 'gen', 'op', 'keys', 'origin'] },
);

const texts = fc.array(fc.string({ unit: 'binary' }));
const messages: fc.Arbitrary<EvictionMessage> = fc.oneof(
  ofKeys,
  fc.tuple(ofKeys, texts).map(([message, tags]): EvictionMessage => ({ ...message, op: 'evictTagged', keys: [], tags })),
);

describe(formatMessage.name, () => {
  it('has a wire form that other versions rely on', () => {
    expect(formatMessage(evicted)).to.equal(
      '{"v":2,"cache":"book","seq":42,"gen":"1700000000000000","op":"evict","keys":["Dune","~[\\"a\\",1]"],"origin":"one~0123456789ab","ns":"cache"}',
    );
    expect(formatMessage({ ...evicted, op: 'clear', keys: [], ack: true })).to.equal(
      '{"v":2,"cache":"book","seq":42,"gen":"1700000000000000","op":"clear","keys":[],"origin":"one~0123456789ab","ns":"cache","ack":true}',
    );
    expect(formatMessage({ ...evicted, at: 1_700_000_000_000_001 })).to.equal(
      '{"v":2,"cache":"book","seq":42,"gen":"1700000000000000","at":1700000000000001,"op":"evict","keys":["Dune","~[\\"a\\",1]"],"origin":"one~0123456789ab","ns":"cache"}',
    );
    expect(formatMessage(tagged)).to.equal(
      '{"v":2,"cache":"book","seq":42,"gen":"1700000000000000","op":"evictTagged","keys":[],"tags":["herbert","~[\\"a\\",1]"],"origin":"one~0123456789ab","ns":"cache"}',
    );
    expect(EDITION).to.equal(2);
  });

  it('comes in halves, between which a script writes number and generation', () => {
    const { ns, cache, op, keys, origin } = evicted;
    const { head, tail } = messageWriter({ ns, cache, origin })(op, keys);
    expect(`${head}42,"gen":"1700000000000000"${tail}`).to.equal(formatMessage(evicted));
    const ofTags = messageWriter({ ns, cache, origin })('evictTagged', [], false, tagged.tags);
    expect(`${ofTags.head}42,"gen":"1700000000000000"${ofTags.tail}`).to.equal(formatMessage(tagged));
  });

  it('is read back as it was, whatever the names and keys', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(parseMessage(formatMessage(message))).to.deep.equal(message);
      }),
    );
  });
});

describe(parseMessage.name, () => {
  const wire = JSON.parse(formatMessage(evicted)) as Record<string, unknown>;
  const without = (name: string): object => Object.fromEntries(Object.entries(wire).filter(([key]) => key !== name));

  it('knows fields of a later minor version from nothing, and minds them not', () => {
    expect(parseMessage(JSON.stringify({ ...wire, later: true, malformed: 'in its own words' }))).to.deep.equal(evicted);
  });

  it('takes no tags for an empty list of them', () => {
    expect(parseMessage(formatMessage({ ...tagged, tags: [] }))).to.deep.equal({ ...tagged, tags: [] });
  });

  const wireOfTags = JSON.parse(formatMessage(tagged)) as Record<string, unknown>;
  const malformed: Readonly<Record<string, readonly unknown[]>> = {
    'unknown head': [null, [], [wire], 'text', 42, true, {}, without('v')],
    'unknown version': [{ ...wire, v: 1 }, { ...wire, v: 3 }, { ...wire, v: '2' }, { v: null }],
    'no cache or namespace': [without('cache'), without('ns'), { ...wire, cache: 1 }, { ...wire, ns: null }],
    'no origin': [
      without('origin'),
      ...[
        1,
        null,
        '',
        'one',
        'one~',
        'one~0123456789AB',
        'one~0123456789abc',
        'a:b~0123456789ab',
        '~0123456789ab',
        'one~0123456789ab\n',
      ].map((origin) => ({ ...wire, origin })),
    ],
    'no sequence number': [without('seq'), ...[0, -1, 1.5, '42', 2 ** 53, 1e300, null].map((seq) => ({ ...wire, seq }))],
    'no generation': [
      without('gen'),
      ...[
        '',
        '0',
        '01',
        '-1',
        '1e3',
        ' 1',
        '1.5',
        String(2 ** 53),
        String(LEAST_DAMAGED),
        '1'.repeat(17),
        '1'.repeat(20),
        1,
        5e14,
        null,
      ].map((gen) => ({ ...wire, gen })),
    ],
    'no time': ['1', -1, 1.5, 2 ** 53, null].map((at) => ({ ...wire, at })),
    'unknown operation': [without('op'), { ...wire, op: 'EVICT' }, { ...wire, op: 1 }],
    'no keys': [without('keys'), { ...wire, keys: 'Dune' }, { ...wire, keys: ['Dune', 1] }, { ...wire, keys: { length: 1 } }],
    'no tags': [
      { ...wire, op: 'evictTagged' },
      ...['evict', 'put', 'clear'].map((op) => ({ ...wireOfTags, op })),
      ...['herbert', [1], ['herbert', null], { length: 0 }, null, 5].map((tags) => ({ ...wireOfTags, tags })),
    ],
    'no word on acknowledgement': [1, null, 'cache:inbox:one', 'any-channel', {}].map((ack) => ({ ...wire, ack })),
  };
  for (const [reason, bodies] of Object.entries(malformed)) {
    it(`says '${reason}'`, () => {
      for (const body of bodies) expect(parseMessage(JSON.stringify(body)), JSON.stringify(body)).to.deep.equal({ malformed: reason });
    });
  }

  it("says 'not JSON'", () => {
    for (const body of ['{"v":', '{"v":1', formatMessage(evicted).slice(0, -1), `${formatMessage(evicted)}x`]) {
      expect(parseMessage(body), body).to.deep.equal({ malformed: 'not JSON' });
    }
  });

  it("says 'too long' without reading it", () => {
    const body = formatMessage(evicted).padEnd(MAXIMUM_MESSAGE_LENGTH, ' ');
    expect(parseMessage(body)).to.deep.include({ seq: 42 });
    expect(parseMessage(`${body} `)).to.deep.equal({ malformed: 'too long' });
  });

  it('never throws, and lets through only what is a message in every field', () => {
    const nearly = fc.record({
      v: fc.constantFrom(1, 2, '1', null),
      ns: fc.anything(),
      cache: fc.anything(),
      seq: fc.oneof(fc.integer(), fc.anything()),
      gen: fc.oneof(fc.nat().map(String), fc.anything()),
      op: fc.oneof(fc.constantFrom('evict', 'clear', 'evictTagged'), fc.anything()),
      tags: fc.oneof(fc.constant(undefined), fc.array(fc.oneof(fc.string(), fc.anything())), fc.anything()),
      keys: fc.oneof(fc.array(fc.oneof(fc.string(), fc.anything())), fc.anything()),
      origin: fc.anything(),
      ack: fc.anything(),
    }).map((value) => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part)) ?? ''); // prettier-ignore
    const garbled = fc.tuple(messages.map(formatMessage), fc.nat(), fc.string()).map(([text, at, noise]) => {
      const i = at % (text.length + 1);
      return text.slice(0, i) + noise + text.slice(i + noise.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), nearly, garbled), (body) => {
        const message = parseMessage(body);
        if ('malformed' in message) {
          expect(message.malformed).to.be.a('string').and.not.equal('');
          return;
        }
        expect([typeof message.ns, typeof message.cache, typeof message.origin]).to.deep.equal(['string', 'string', 'string']);
        expect(Number.isSafeInteger(message.seq) && message.seq > 0).to.equal(true);
        expect(Number.isSafeInteger(Number(message.gen))).to.equal(true);
        expect(message.op).to.be.oneOf(['evict', 'put', 'clear', 'evictTagged']);
        expect(message.tags !== undefined).to.equal(message.op === 'evictTagged');
        expect(message.tags?.every((tag) => typeof tag === 'string') ?? true).to.equal(true);
        expect(message.keys.every((key) => typeof key === 'string')).to.equal(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
