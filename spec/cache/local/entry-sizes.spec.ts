import { expect } from 'chai';
import { LocalCache, ValueCodec } from '../../../lib/cache/index.js';
import { EntrySizes } from '../../../lib/cache/local/entry-sizes.js';
import { CacheCounters } from '../../../lib/event/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const codec = new ValueCodec();

describe(EntrySizes.name, () => {
  const fill = (maximumSize: number, copies?: ValueCodec): LocalCache =>
    new LocalCache({ maximumSize, copies, clock: new FakeClock(), counters: new CacheCounters() });
  const text = (length: number): string => 'x'.repeat(length);
  const encoded = (values: readonly unknown[]): number => values.reduce<number>((sum, value) => sum + codec.encode(value).length, 0);

  it('adds up what is known, exactly, through replacements and removals', () => {
    const local = fill(4);
    expect(local.bytes).to.equal(0);
    for (const [i, bytes] of [100, 200, 300, 400].entries()) local.set(`k${i}`, i, Infinity, { bytes });
    expect(local.bytes).to.equal(1_000);
    local.set('k0', 0, Infinity, { bytes: 50 });
    expect(local.bytes).to.equal(950);
    local.delete('k3');
    expect(local.bytes).to.equal(550);
    local.clear();
    expect(local.bytes).to.equal(0);
    local.set('k9', 9, Infinity, { bytes: 7 });
    expect(local.bytes).to.equal(7);
  });

  it('follows the table when it makes room and when entries expire', () => {
    const clock = new FakeClock();
    const local = new LocalCache({ maximumSize: 50, clock, counters: new CacheCounters() });
    for (let i = 0; i < 500; i += 1) local.set(`k${i}`, i, clock.now() + 100, { bytes: 10 });
    expect([local.size, local.bytes]).to.deep.equal([50, 500]);
    clock.advance(100);
    for (const key of [...local.keys()]) local.get(key, clock.now());
    expect([local.size, local.bytes]).to.deep.equal([0, 0]);
  });

  it('knows the size of copies, which are encoded anyway', () => {
    const values = [{ title: 'Dune' }, 'é'.repeat(10), [1, 2, 3]];
    const local = fill(10, codec);
    for (const [i, value] of values.entries()) local.set(`k${i}`, value, Infinity);
    expect(local.bytes).to.equal(values.reduce<number>((sum, value) => sum + Buffer.byteLength(codec.encode(value)), 0));
  });

  const many = 2_000;
  const series: Readonly<Record<string, (i: number) => unknown>> = {
    'values of one size': () => ({ id: 1, text: text(300) }),
    'small and large ones in turn': (i) => text(i % 2 === 0 ? 10 : 5_000),
    'small and large ones, the large ones seldom': (i) => text(i % 10 === 0 ? 3_000 : 100),
    'values of all sizes': (i) => ({ id: i, lines: Array.from({ length: i % 40 }, (_, line) => ({ line, price: line * 1.5 })) }),
    'small ones first, then large ones': (i) => text(i < many / 2 ? 50 : 2_000),
  };
  for (const [what, valueOf] of Object.entries(series)) {
    it(`estimates from a few: ${what}`, () => {
      const values = Array.from({ length: many }, (_, i) => valueOf(i));
      const local = fill(many);
      for (const [i, value] of values.entries()) local.set(`k${i}`, value, Infinity);
      expect(local.bytes / encoded(values)).to.be.within(0.5, 2);
    });
  }

  it('follows what it holds when other values come in the place of those before', () => {
    const local = fill(1_000);
    for (let i = 0; i < 5_000; i += 1) local.set(`large ${i}`, text(10_000), Infinity);
    for (let i = 0; i < 20_000; i += 1) local.set(`small ${i % 1_000}`, text(100), Infinity);
    const held = [...local.keys()].map((key) => (local.get(key, 0) as { readonly value: unknown }).value);
    expect(local.bytes / encoded(held)).to.be.within(0.5, 2);
  });

  it('holds values that cannot be encoded, or throw when they are looked at', () => {
    const local = fill(100);
    const throwing = {
      get no(): never {
        throw new Error('not to be looked at');
      },
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const [i, value] of [() => 1, Symbol('x'), throwing, revoked.proxy, new WeakMap(), undefined].entries())
      local.set(`k${i}`, value, Infinity);
    expect(local.size).to.equal(6);
    expect(local.bytes).to.be.within(1, 1_000);
  });

  it('looks at few of many values', () => {
    let looks = 0;
    const value = {
      get field(): number {
        return (looks += 1);
      },
    };
    const local = fill(20_000);
    for (let i = 0; i < 17_000; i += 1) local.set(`k${i}`, value, Infinity);
    expect(looks).to.be.within(900, 1_100);
    for (let i = 0; i < 17_000; i += 1) local.set(`k${i}`, value, Infinity, { bytes: 10 });
    expect(looks, 'where the size is known').to.be.below(1_100);
  });
});
