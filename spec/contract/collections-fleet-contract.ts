import { expect } from 'chai';
import type { CachingOptions } from '../../lib/instance/options.js';
import { waitFor } from '../support/wait.js';
import type { CacheStage } from './cache-stage.js';
import { neverAll, noted, slowly, valuesBy } from './collections-stage.js';
import type { Instance } from './fleet.js';
import { FreshnessStage } from './freshness-stage.js';

/** A read may wait for others. No clock moves, so no `deadline` ends: a circle would wait for ever. */
const PATIENT: CachingOptions = { deadline: '60s', timeout: '1s' };

/** Reads of the same keys in several instances that share a remote tier. */
export function describeBatchesOfFleet(stage: CacheStage): void {
  if (!stage.hasRemote) return;

  describe('in several instances', () => {
    let members: Instance[];

    beforeEach(async () => {
      members = await Promise.all([1, 2, 3, 4].map(() => stage.fleet.join({ tiers: stage.tiers }, PATIENT)));
    });

    const at = (i: number): Instance => members[i] as Instance;

    describeOnce(stage, () => members);
    describeOwnFirst(stage, at);
    describeGivenBack(stage, at);
  });
}

function describeOnce(_stage: CacheStage, members: () => readonly Instance[]): void {
  it('loads each key once in the fleet, whoever asks', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
    const loaders = members().map(() => noted());
    const answers = members().map(({ cache }, i) =>
      cache.getAllOrLoad([...keys.slice(20 * i), ...keys.slice(0, 20 * i)], loaders[i]!.load),
    );
    for (const answer of await Promise.all(answers)) expect(answer).to.deep.equal(valuesBy('of', keys));
    expect(loaders.flatMap(({ calls }) => calls.flat()).sort()).to.deep.equal(keys.slice().sort());
    expect(members().reduce((sum, { cache }) => sum + cache.statistics().loads, 0)).to.equal(100);
  });
}

function describeOwnFirst(_stage: CacheStage, at: (i: number) => Instance): void {
  it('loads its own keys before it waits for those of others', async () => {
    const first = await slowly(at(0).cache, ['a', 'b', 'c']);
    const second = await slowly(at(1).cache, ['b', 'c', 'd']);
    expect(second.calls).to.deep.equal([['d']]);
    second.succeed();
    await waitFor(async () => (await at(2).cache.get('d')) !== undefined, { what: 'what the second has loaded' });
    first.succeed();
    expect([...(await second.result)]).to.deep.equal([['b', 'slow b'], ['c', 'slow c'], ['d', 'slow d']]); // prettier-ignore
    expect(second.calls).to.have.length(1);
  });

  it('does not keep two waiting for each other that share keys', async () => {
    const [first, second] = await Promise.all([slowly(at(0).cache, ['a', 'b']), slowly(at(1).cache, ['c', 'd'])]);
    const crossing = [at(0).cache.getAllOrLoad(['x', 'c'], noted().load), at(1).cache.getAllOrLoad(['a', 'x'], noted().load)];
    first.succeed();
    second.succeed();
    const [one, other] = await Promise.all(crossing);
    expect([...one!.values(), ...other!.values()]).to.deep.equal(['of x', 'slow c', 'slow a', 'of x']);
  });

  it('loads keys that were evicted while it waited, as they are then', async () => {
    const first = await slowly(at(0).cache, ['a', 'b']);
    const second = await slowly(at(1).cache, ['a', 'b', 'c']);
    await at(2).cache.evict('b');
    second.succeed();
    const waiting = second.result;
    await waitFor(() => second.calls.length === 2, { what: 'the key whose load was overtaken' });
    first.succeed();
    expect([...(await waiting)]).to.deep.equal([['a', 'slow a'], ['b', 'slow b'], ['c', 'slow c']]); // prettier-ignore
    expect(second.calls).to.deep.equal([['c'], ['b']]);
  });
}

function describeGivenBack(stage: CacheStage, at: (i: number) => Instance): void {
  it('loads keys that come back unstored at once, and waits with them for no other key', async () => {
    const [a, b] = [await slowly(at(0).cache, ['a']), await slowly(at(1).cache, ['b'])];
    const { calls, load } = noted();
    const batch = at(2).cache.getAllOrLoad(['a', 'b', 'c'], load);
    await waitFor(() => calls.length === 1, { what: 'its own key' });
    a.fail(new Error('The load of a has failed.'));
    await waitFor(() => calls.length === 2, { what: 'the key that came back' });
    expect(calls).to.deep.equal([['c'], ['a']]);
    b.fail(new Error('The load of b has failed.'));
    expect(await batch).to.deep.equal(valuesBy('of', ['a', 'b', 'c']));
    expect(calls).to.deep.equal([['c'], ['a'], ['b']]);
  });

  it('ends for all who wait for keys that nobody stores', async () => {
    const unless = (): boolean => true;
    const first = await slowly(at(0).cache, ['a', 'b'], { unless });
    const loaders = [1, 2, 3].map(() => noted());
    const waiting = loaders.map(({ load }, i) => at(i + 1).cache.getAllOrLoad(i === 1 ? ['b', 'a'] : ['a', 'b'], load, { unless }));
    first.succeed();
    for (const answer of await Promise.all(waiting)) expect([...answer.values()].sort()).to.deep.equal(['of a', 'of b']);
    for (const { calls } of loaders) expect(calls.flat().sort()).to.deep.equal(['a', 'b']);
    expect(await at(0).cache.getAll(['a', 'b'])).to.deep.equal([undefined, undefined]);
  });

  it('loads the keys of others unstored, in one further call, when it may wait no longer', async () => {
    const first = await slowly(at(0).cache, ['a', 'b']);
    const { calls, load } = noted();
    const batch = at(1).cache.getAllOrLoad(['a', 'c', 'b'], load);
    await waitFor(() => calls.length === 1, { what: 'its own key' });
    await waitFor(async () => (await at(2).cache.get('c')) !== undefined, { what: 'its own key to be stored' });
    at(1).clock.advance(58_000);
    expect(await batch).to.deep.equal(valuesBy('of', ['a', 'c', 'b']));
    expect(calls).to.have.length.within(2, 3); // In one, unless a busy machine asked again for one of them in between.
    expect(calls.flat()).to.have.members(['c', 'a', 'b']);
    expect(await at(2).cache.getAll(['a', 'b'])).to.deep.equal([undefined, undefined]);
    first.succeed();
    expect(await first.result).to.deep.equal(valuesBy('slow', ['a', 'b']));
    expect(await at(2).cache.getAll(['a', 'b'])).to.deep.equal([{ value: 'slow a' }, { value: 'slow b' }]);
  });

  it('waits for a read of one key in another instance, and is waited for by one', async () => {
    const single = await new FreshnessStage(stage).slowly('a', {}, at(0).cache);
    const batch = await slowly(at(1).cache, ['a', 'b']);
    const other = at(2).cache.getOrLoad('b', neverAll);
    single.succeed('single');
    batch.succeed();
    expect(await other).to.equal('slow b');
    expect([...(await batch.result).values()]).to.deep.equal(['single', 'slow b']);
    expect(batch.calls).to.deep.equal([['b']]);
  });
}
