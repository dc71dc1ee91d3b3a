/**
 * In a deploy that gives a cache a `type`, or names its classes anew, instances of before and after run side by side on one namespace. What one
 * of them writes, another may not be able to read.
 *
 * Decided: at worst an entry is missed. Nobody gets an object of another class than his own `type` says, nobody gets an old value after an
 * eviction, and a copy mode is everybody's own affair.
 */
import { expect } from 'chai';
import type { CacheOptions } from '../../lib/index.js';
import { Fleet, type Instance } from '../contract/fleet.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

class Book {
  constructor(readonly price: number) {}
}
/** Another class of the same shape, as another edition of the program has it. */
class Buch {
  constructor(readonly price: number) {}
}

describe('Issue 5: instances whose `type` and `copy` differ', () => {
  let fleet: Fleet;
  let price: number;

  const KINDS = {
    'one class': { options: { type: Book }, is: Book },
    'the same by name': { options: { type: { Book } }, is: Book },
    'the same by another name': { options: { type: { Titel: Book }, copy: 'clone' }, is: Book },
    'another class by that name': { options: { type: { Book: Buch }, copy: 'share' }, is: Buch },
    none: { options: {}, is: undefined },
  } as const satisfies Record<string, { readonly options: CacheOptions; readonly is: (new (price: number) => object) | undefined }>;
  type Kind = keyof typeof KINDS;

  const read = async (kind: Kind, { cache }: Instance): Promise<void> => {
    const { is } = KINDS[kind];
    const value = await cache.getOrLoad<{ readonly price: number }>('Dune', () => (is === undefined ? { price } : new is(price)));
    expect(value.price, `${kind}: the newest`).to.equal(price);
    if (is !== undefined) expect(value, kind).to.be.an.instanceOf(is);
  };

  beforeEach(async () => {
    price = 1;
    fleet = new Fleet({ redis: (await sharedRedis()).url, namespace: ownNamespace('mixed') });
  });
  afterEach(() => fleet.stop());

  it('read what is newest, as what they know, and miss the rest', async () => {
    const kinds = Object.keys(KINDS) as Kind[];
    const instances = new Map<Kind, Instance>();
    for (const kind of kinds) instances.set(kind, await fleet.join(KINDS[kind].options));
    for (const writer of kinds) {
      for (const order of [kinds, [...kinds].reverse()]) for (const kind of order) await read(kind, instances.get(kind)!);
      price += 1;
      const { cache } = instances.get(writer)!;
      const applied = [...instances.values()].map((each) => each.cache.statistics().messagesApplied);
      await cache.evict('Dune');
      await waitFor(() => [...instances.values()].every((each, i) => each.cache.statistics().messagesApplied > applied[i]!), {
        what: 'the message everywhere',
      });
    }
  });
});
