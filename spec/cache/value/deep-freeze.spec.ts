import { expect } from 'chai';
import { ValueCodec } from '../../../lib/cache/value/codec.js';
import { deepFreeze, freezeDecoded } from '../../../lib/cache/value/deep-freeze.js';

describe(deepFreeze.name, () => {
  class Book {
    readonly tags = ['a'];
  }

  it('freezes what is reached through properties, symbols, elements and members, and returns the same object', () => {
    const symbol = Symbol('s');
    const inner = { map: new Map([[{ k: 1 }, { v: 1 }]]), set: new Set([{ m: 1 }]) };
    const value = { book: new Book(), list: [{ a: 1 }], [symbol]: { b: 1 }, inner };
    expect(deepFreeze(value, (part) => part instanceof Book)).to.equal(value);
    const [[key, member]] = [...inner.map] as [[object, object]];
    for (const part of [value, value.book, value.book.tags, value.list, value.list[0], value[symbol], key, member, ...inner.set]) {
      expect(part).to.be.frozen;
    }
  });

  it('neither freezes nor enters instances of other classes', () => {
    const [book, date, map, error] = [new Book(), new Date(), new Map([[1, {}]]), new Error('x', { cause: {} })];
    const value = { book, list: [date, map, error] };
    deepFreeze(value);
    expect(value).to.be.frozen;
    for (const part of [book, book.tags, date, map, error, error.cause]) expect(part).not.to.be.frozen;
    expect(map.get(1)).to.be.frozen;
    expect(deepFreeze(book)).not.to.be.frozen;
  });

  it('enters what is frozen on the surface, and ends on a cycle', () => {
    const value: { tags: string[]; self?: unknown } = { tags: [] };
    value.self = value;
    deepFreeze(Object.freeze(value));
    expect(value.tags).to.be.frozen;
  });

  it('freezes what is nested beyond any stack', () => {
    let value: { inner?: unknown } = {};
    const innermost = value;
    for (let level = 0; level < 100_000; level += 1) value = { inner: level % 2 === 0 ? [value] : new Map([[1, value]]) };
    deepFreeze(value);
    expect(innermost).to.be.frozen;
  });

  it('calls no getter, and leaves typed arrays, functions and primitives alone', () => {
    const bytes = Buffer.from('x');
    const call = (): number => 1;
    const value = Object.defineProperty({ bytes, view: new DataView(new ArrayBuffer(1)), call }, 'trap', {
      enumerable: true,
      get: () => expect.fail('The getter ran.'),
    });
    deepFreeze(value);
    bytes[0] = 65;
    expect(bytes.toString()).to.equal('A');
    expect(call).not.to.be.frozen;
    for (const primitive of [1, 'a', null, undefined, 1n]) expect(deepFreeze(primitive)).to.equal(primitive);
  });
});

describe(freezeDecoded.name, () => {
  class Author {
    readonly names = ['Frank'];
    self: unknown;
  }
  const codec = new ValueCodec({ type: { Author } });
  const isOwn = (part: object): boolean => part instanceof Author;

  it('freezes whatever the codec makes: plain JSON, instances, cycles, members of maps and sets, objects that occur twice', () => {
    const author = new Author();
    author.self = author;
    const twice = { n: 1 };
    const circular = new Map<unknown, unknown>([['parts', new Set([{ n: 1 }])]]);
    circular.set('self', circular).set(circular, [new Set([circular])]);
    const values: readonly unknown[] = [
      circular,
      { list: [{ a: 1 }, []], inner: { none: null } },
      [author, new Author()],
      {
        map: new Map<unknown, unknown>([[{ k: 1 }, { v: [author] }]]),
        set: new Set([{ m: 1 }]),
        twice,
        again: [twice],
        bare: Object.create(null) as object,
      },
      { at: new Date(5), bytes: Buffer.from('x'), nothing: undefined, deep: [[[[{}]]]] },
      5,
      'text',
      null,
      undefined,
    ];
    for (const value of values) {
      const made = codec.decode(codec.encode(value)).value;
      freezeDecoded(made, isOwn);
      const before = frozenIn(made);
      deepFreeze(made, isOwn);
      expect(frozenIn(made), 'nothing is left for the thorough way').to.deep.equal(before);
    }
  });

  /** Which objects in `value` are frozen, in the order in which a walk reaches them. */
  function frozenIn(value: unknown, seen = new Set<unknown>()): boolean[] {
    if (typeof value !== 'object' || value === null || seen.has(value)) return [];
    seen.add(value);
    const parts =
      value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : ArrayBuffer.isView(value) ? [] : Object.values(value);
    return [Object.isFrozen(value), ...parts.flatMap((part: unknown) => frozenIn(part, seen))];
  }
});
