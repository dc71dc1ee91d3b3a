import { expect } from 'chai';
import type { CacheKey, LoadOptions } from '../../lib/cache/index.js';
import type { CacheStage } from './cache-stage.js';
import type { Instance } from './fleet.js';
import { cacheErrorOf } from './rejection.js';
import type { TagStage } from './tag-stage.js';

const TOO_MANY = Array.from({ length: 33 }, (_, i) => i);
const MANY = Array.from({ length: 32 }, (_, i) => i);
/** What cannot be tags, and why. */
const BAD_TAGS: Readonly<Record<string, readonly [tags: unknown, code: string, message: string]>> = {
  'a string': ['herbert', 'CACHE_OPTION_INVALID', 'Expected `tags` to be an array, got string. Put a single tag into an array, too.'],
  nothing: [null, 'CACHE_OPTION_INVALID', 'Expected `tags` to be an array, got null.'],
  'more than 32 tags': [
    TOO_MANY,
    'CACHE_OPTION_INVALID',
    'Expected at most 32 tags, got 33. Tag an entry with what it is made of: one tag for each row, or one for a group of them.',
  ],
  'a tag that is undefined': [['herbert', undefined], 'CACHE_KEY_UNDEFINED', 'A tag is `undefined`.'],
  'a tag that can be no key': [[Symbol('herbert')], 'CACHE_KEY_UNSUPPORTED', ''],
};

/** What cannot be tags, in a cache with tags. */
export function describeBadTags(tagged: TagStage): void {
  const errorsOf = ({ runtime }: Instance): { where: string; message: string }[] => {
    const errors: { where: string; message: string }[] = [];
    runtime.events.on('error', ({ where, error }) => void errors.push({ where, message: (error as Error).message }));
    return errors;
  };

  it('takes 32 tags, of which equal ones are one', async () => {
    await tagged.here.put('Dune', 1, { tags: [...MANY, ...MANY] });
    await tagged.evict([31]);
    expect(await tagged.here.get('Dune')).to.equal(undefined);
  });

  for (const [what, [tags, code, message]] of Object.entries(BAD_TAGS)) {
    it(`returns what was loaded with ${what}, stores it not, and tells why`, async () => {
      const errors = errorsOf(tagged.both[0]!);
      for (const bad of [tags, () => tags] as LoadOptions['tags'][]) {
        if (bad === null) continue;
        expect(await tagged.here.getOrLoad('Dune', () => 'loaded', { tags: bad })).to.equal('loaded');
        expect(await tagged.here.get('Dune')).to.equal(undefined);
      }
      expect(errors.map(({ where }) => where)).to.include("`tags` of a load into cache 'book'");
      expect(errors.at(-1)?.message).to.include(message);
    });

    it(`refuses to put with ${what}, and evicts the key`, async () => {
      await tagged.here.put('Dune', 'old', { tags: ['herbert'] });
      const error = await cacheErrorOf(tagged.here.put('Dune', 'new', { tags: tags as CacheKey[] }));
      expect([error.code, error.message.includes(message)]).to.deep.equal([code, true]);
      expect(await tagged.here.get('Dune')).to.equal(undefined);
      const absent = await cacheErrorOf(tagged.here.putIfAbsent('Dune', 'new', { tags: tags as CacheKey[] }));
      expect([absent.code, await tagged.here.get('Dune')]).to.deep.equal([code, undefined]);
    });
  }

  it('returns what was loaded when the function of its tags throws, stores it not, and tells why', async () => {
    const errors = errorsOf(tagged.both[0]!);
    const tags = (): never => {
      throw new Error('no author');
    };
    expect(await tagged.here.getOrLoad('Dune', () => 'loaded', { tags })).to.equal('loaded');
    expect([await tagged.here.get('Dune'), errors]).to.deep.equal([
      undefined,
      [{ where: "`tags` of a load into cache 'book'", message: 'no author' }],
    ]);
  });

  it('refuses to evict what can be no tags, and evicts more than 32 of them', async () => {
    await tagged.here.put('Dune', 1, { tags: ['herbert'] });
    for (const what of ['a string', 'nothing', 'a tag that is undefined', 'a tag that can be no key']) {
      const [tags, code] = BAD_TAGS[what]!;
      expect((await cacheErrorOf(tagged.here.evictTagged(tags as CacheKey[]))).code).to.equal(code);
    }
    expect(tagged.here.statistics().tagEvictions).to.equal(0);
    expect(await tagged.held(['Dune'])).to.deep.equal(['Dune']);
    await tagged.evict([...TOO_MANY, 'herbert']);
    expect(await tagged.held(['Dune'])).to.deep.equal([]);
  });
}

/** Tags in a cache without them. */
export function describeWithoutTags(stage: CacheStage): void {
  describe('a cache without tags', () => {
    it('refuses tags, and does nothing', async () => {
      await stage.cache.put('Dune', 'old');
      let hasRun = false;
      const refused: Readonly<Record<string, () => Promise<unknown>>> = {
        evictTagged: () => stage.cache.evictTagged(['herbert']),
        'evictTagged of none': () => stage.cache.evictTagged([]),
        invalidateTagged: () => stage.cache.invalidateTagged(['herbert']),
        put: () => stage.cache.put('Dune', 'new', { tags: ['herbert'] }),
        'put of no tags': () => stage.cache.put('Dune', 'new', { tags: [] }),
        putAll: () => stage.cache.putAll([['Dune', 'new']], { tags: ['herbert'] }),
        putIfAbsent: () => stage.cache.putIfAbsent('Emma', 'new', { tags: ['herbert'] }),
        getOrLoad: () => stage.cache.getOrLoad('Emma', () => (hasRun = true), { tags: ['herbert'] }),
        'getOrLoad with a function': () => stage.cache.getOrLoad('Emma', () => (hasRun = true), { tags: () => ['herbert'] }),
      };
      for (const [what, refuse] of Object.entries(refused)) {
        const error = await cacheErrorOf(refuse());
        expect([error.code, error.message], what).to.deep.equal([
          'CACHE_OPTION_INVALID',
          "Cache 'book' has no tags. Write `caches: { 'book': { tags: true } }`.",
        ]);
      }
      expect([hasRun, await stage.cache.getAll(['Dune', 'Emma'])]).to.deep.equal([false, [{ value: 'old' }, undefined]]);
      expect(stage.cache.statistics()).to.include({ puts: 1, evictions: 0, tagEvictions: 0 });
    });
  });
}
