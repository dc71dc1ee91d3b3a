import { expect } from 'chai';
import { waitFor } from '../support/wait.js';
import type { CacheStage } from './cache-stage.js';
import { noted, slowly, valuesBy } from './collections-stage.js';
import { TagStage } from './tag-stage.js';

const KEYS = ['a', 'b', 'c'];

/** Evictions of tags, and announced writes, while a loader of many keys runs. */
export function describeOvertakenBatches(stage: CacheStage): void {
  describe('in a cache with tags', () => {
    const tagged = new TagStage(stage);

    beforeEach(() => tagged.setUp());

    it('evicts elements by the tags that their function made', async () => {
      await tagged.here.getAllOrLoad(KEYS, noted().load, { tags: (value, key) => [`tag of ${String(key)}`, value as string] });
      await tagged.evict(['tag of a', 'of b']);
      expect(await tagged.held(KEYS)).to.deep.equal(['c']);
      await tagged.here.getAllOrLoad(KEYS, noted().load, { tags: ['all of them'] });
      await tagged.evict(['all of them']);
      expect(await tagged.held(KEYS)).to.deep.equal(['c']);
    });

    for (const by of ['here', 'there'] as const) {
      it(`C5: stores what an eviction of tags by ${by === 'here' ? 'its own' : 'another'} instance did not overtake, and nothing else`, async () => {
        const batch = await slowly(tagged.here, KEYS, { tags: (_value, key) => [`tag of ${String(key)}`] });
        await tagged.evict(['tag of b'], by);
        batch.succeed();
        expect(await batch.result).to.deep.equal(valuesBy('slow', KEYS));
        for (const { cache } of tagged.both) {
          const isHeld = cache === tagged.here || stage.hasRemote;
          expect(await tagged.held(KEYS, cache)).to.deep.equal(isHeld ? ['a', 'c'] : []);
        }
      });
    }

    it('loads anew, together, what an eviction of tags has overtaken before it was joined', async () => {
      const batch = await slowly(tagged.here, KEYS, { tags: (_value, key) => [`tag of ${String(key)}`] });
      await tagged.evict(['tag of a', 'tag of b']);
      const { calls, load } = noted();
      const late = tagged.here.getAllOrLoad(['c', 'b', 'a'], load);
      batch.succeed();
      expect([...(await late)]).to.deep.equal([['c', 'slow c'], ['b', 'of b'], ['a', 'of a']]); // prettier-ignore
      expect(calls.flat().sort()).to.deep.equal(['a', 'b']);
      expect(await tagged.here.getAll(KEYS)).to.deep.equal([{ value: 'of a' }, { value: 'of b' }, { value: 'slow c' }]);
    });

    it('asks for no tags of what is not stored, and tells of those that cannot be ones', async () => {
      const errors: unknown[] = [];
      tagged.both[0]?.runtime.events.on('error', ({ where }) => void errors.push(where));
      const asked: unknown[] = [];
      const tags = (_value: unknown, key: unknown): never => (asked.push(key), (key === 'b' ? 'no list' : ['tag']) as never);
      const { load } = noted((keys) => keys.map((key) => (key === 'none' ? undefined : key)));
      await tagged.here.getAllOrLoad([...KEYS, 'none'], load, { tags, unless: (value) => value === 'c' });
      expect(asked).to.deep.equal(['a', 'b']);
      expect(await tagged.held([...KEYS, 'none'])).to.deep.equal(['a']);
      expect(errors).to.deep.equal(["`tags` of a load into cache 'book'"]);
    });
  });

  if (!stage.hasRemote) return;

  it('loads keys that are being written with the others, and stores only the others', async () => {
    const intent = await stage.cache.intend(['b']);
    const there = await stage.join();
    for (const { cache } of [stage.here, there]) {
      const { calls, load } = noted();
      expect(await cache.getAllOrLoad(KEYS, load)).to.deep.equal(valuesBy('of', KEYS));
      expect(calls).to.deep.equal([cache === stage.cache ? KEYS : ['b']]);
      expect(await cache.getAll(KEYS)).to.deep.equal([{ value: 'of a' }, undefined, { value: 'of c' }]);
    }
    expect(there.cache.statistics()).to.include({ withheld: 1, refusedFills: 0 });
    await intent.end();
    const isStoredAgain = async (): Promise<boolean> => {
      await there.cache.getAllOrLoad(KEYS, noted().load);
      return (await there.cache.getAll(KEYS)).every((each) => each !== undefined);
    };
    await waitFor(isStoredAgain, { what: 'a load that no message of the write overtakes' });
  });

  it('C5: does not store what a write has overtaken that was announced while its loader ran', async () => {
    const batch = await slowly(stage.cache, KEYS);
    const there = await stage.join();
    await there.cache.evictAround(['b'], async () => {
      batch.succeed();
      await batch.result;
      expect(await there.cache.getAll(KEYS)).to.deep.equal([{ value: 'slow a' }, undefined, { value: 'slow c' }]);
    });
    expect(await there.cache.getAll(KEYS)).to.deep.equal([{ value: 'slow a' }, undefined, { value: 'slow c' }]);
  });
}
