import { expect } from 'chai';
import type { CacheKey } from '../../../lib/cache/index.js';
import { Tagging } from '../../../lib/cache/two-tier/tagging.js';
import { CacheEvents } from '../../../lib/event/index.js';
import { cacheErrorIn } from '../../contract/rejection.js';

describe(Tagging.name, () => {
  let told: unknown[];
  let on: Tagging;
  let off: Tagging;

  beforeEach(() => {
    const events = new CacheEvents();
    told = [];
    events.on('error', ({ where, error, cache }) => void told.push([where, (error as Error).message, cache]));
    [on, off] = [new Tagging('book', true, events), new Tagging('book', false, events)];
  });

  it('says whether entries carry tags', () => {
    expect([on.isOn, off.isOn]).to.deep.equal([true, false]);
  });

  it('refuses any tags in a cache without them, even none at all', () => {
    for (const tags of [[], ['herbert'], null, () => ['herbert']]) {
      for (const refuse of [() => off.check(tags), () => off.of(tags)]) {
        const error = cacheErrorIn(refuse);
        expect([error.code, error.message]).to.deep.equal([
          'CACHE_OPTION_INVALID',
          "Cache 'book' has no tags. Write `caches: { 'book': { tags: true } }`.",
        ]);
      }
      on.check(tags);
    }
    off.check(undefined);
    expect(off.of(undefined)).to.deep.equal([]);
  });

  it('encodes tags; no tags are an empty list', () => {
    expect([on.of(['herbert', 1]), on.of([]), on.of(undefined)]).to.deep.equal([['herbert', '~1'], [], []]);
  });

  it('makes the tags of a loaded value of it', () => {
    expect(on.ofLoaded({ author: 1 }, (value) => [value.author, 'books'])).to.deep.equal(['~1', 'books']);
    expect([on.ofLoaded(1, ['herbert']), on.ofLoaded(1, undefined)]).to.deep.equal([['herbert'], []]);
    expect(told).to.deep.equal([]);
  });

  it('tells what is wrong with the tags of a loaded value, and throws nothing', () => {
    const wrong: (readonly CacheKey[] | (() => readonly CacheKey[]))[] = [
      () => {
        throw new Error('no author');
      },
      () => 'herbert' as unknown as CacheKey[],
      () => undefined as unknown as CacheKey[],
      [undefined],
    ];
    for (const tags of wrong) expect(on.ofLoaded(1, tags)).to.equal(undefined);
    expect(on.ofLoaded(1, (async () => ['herbert']) as unknown as () => CacheKey[]), 'a promise').to.equal(undefined);
    const where = "`tags` of a load into cache 'book'";
    expect(told).to.deep.equal([
      [where, 'no author', 'book'],
      [where, 'Expected `tags` to be an array, got string. Put a single tag into an array, too.', 'book'],
      [where, 'Expected `tags` to be an array, got undefined.', 'book'],
      [where, 'A tag is `undefined`.', 'book'],
      [where, 'Expected `tags` to be an array, got object.', 'book'],
    ]);
  });
});
