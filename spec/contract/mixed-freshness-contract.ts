import { expect } from 'chai';
import { TransactionAwareCache } from '../../lib/transaction/index.js';
import { HandMadeTransactions } from '../support/hand-made-transactions.js';
import { AWAY, failing, type FreshnessStage, MINUTE } from './freshness-stage.js';
import { rejectionOf } from './rejection.js';

/** The part of the cache contract that is about instances that differ, and about transactions. */
export function describeMixedFreshness(fresh: FreshnessStage): void {
  if (fresh.stage.hasRemote) {
    describeDifferentOptions(fresh);
    describeVersions(fresh);
  }
  describeInsideTransactions(fresh);
}

function describeDifferentOptions(fresh: FreshnessStage): void {
  describe('instances of one fleet with different options', () => {
    it('see no value after its life without the option, and load it for all', async () => {
      await fresh.setUp({ staleIfError: 20 * MINUTE }, {});
      await fresh.here.getOrLoad('Dune', () => 'old');
      await fresh.pass(11);
      expect(await fresh.there.get('Dune')).to.equal(undefined);
      expect(await rejectionOf(fresh.there.getOrLoad('Dune', failing))).to.equal(AWAY);
      expect(await fresh.here.getOrLoad('Dune', failing), 'it was not removed').to.equal('old');
      await fresh.pass(2);
      expect(await fresh.there.getOrLoad('Dune', () => 'new')).to.equal('new');
      expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('new');
    });

    it('serve no value after its life that was stored without the option', async () => {
      await fresh.setUp({ staleIfError: 20 * MINUTE }, {});
      await fresh.there.getOrLoad('Dune', () => 'old');
      await fresh.pass(11);
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing))).to.equal(AWAY);
    });

    it('serve it for the shorter of the two times', async () => {
      await fresh.setUp({ staleIfError: { for: 20 * MINUTE, retryAfter: 0 } }, { staleIfError: { for: 5 * MINUTE, retryAfter: 0 } });
      for (const by of [fresh.here, fresh.there]) await by.getOrLoad(by === fresh.here ? 'of 20' : 'of 5', () => 'old');
      await fresh.pass(14);
      for (const { cache } of fresh.both) for (const key of ['of 20', 'of 5']) expect(await cache.getOrLoad(key, failing)).to.equal('old');
      await fresh.pass(2);
      expect(await fresh.here.getOrLoad('of 20', failing)).to.equal('old');
      expect(await rejectionOf(fresh.there.getOrLoad('of 20', failing))).to.equal(AWAY);
      for (const { cache } of fresh.both) expect(await rejectionOf(cache.getOrLoad('of 5', failing))).to.equal(AWAY);
    });

    it('do not load anew what another one has refreshed', async () => {
      await fresh.setUp({ refreshAfter: 5 * MINUTE }, {});
      await fresh.there.getOrLoad('Dune', () => 'old');
      await fresh.pass(6);
      expect(await fresh.there.getOrLoad('Dune', failing)).to.equal('old');
      expect(await fresh.here.getOrLoad('Dune', () => 'new')).to.equal('old');
      await fresh.counted('fills', 1);
      await fresh.pass(5);
      expect(await fresh.there.getOrLoad('Dune', failing)).to.equal('new');
    });

    it('read nothing of each other with tags in one of them alone, and replace it', async () => {
      await fresh.setUp({ staleIfError: 20 * MINUTE }, { staleIfError: 20 * MINUTE, tags: true });
      await fresh.here.getOrLoad('Dune', () => 'old');
      await fresh.pass(11);
      expect(await rejectionOf(fresh.there.getOrLoad('Dune', failing))).to.equal(AWAY);
      expect(await fresh.there.getOrLoad('Dune', () => 'tagged', { tags: ['herbert'] })).to.equal('tagged');
      await fresh.pass(11);
      expect(await fresh.there.getOrLoad('Dune', failing)).to.equal('tagged');
      expect(await rejectionOf(fresh.here.getOrLoad('Dune', failing, { join: false }))).to.equal(AWAY);
    });
  });
}

function describeVersions(fresh: FreshnessStage): void {
  describe('a cache with a version', () => {
    beforeEach(() => fresh.setUp({ version: 1, staleIfError: 20 * MINUTE }, { version: 2, staleIfError: 20 * MINUTE }));

    it('reads nothing of another version, and replaces it', async () => {
      await fresh.here.put('Dune', 'of 1');
      expect([await fresh.there.get('Dune'), await fresh.there.getAll(['Dune'])]).to.deep.equal([undefined, [undefined]]);
      expect(await fresh.there.getOrLoad('Dune', () => 'of 2')).to.equal('of 2');
      expect(await fresh.there.get('Dune')).to.deep.equal({ value: 'of 2' });
      expect(await fresh.there.putIfAbsent('Dune', 'never')).to.deep.equal({ value: 'of 2' });
      expect(await fresh.here.putIfAbsent('Dune', 'of 1 again')).to.equal(undefined);
      expect(await fresh.there.get('Dune')).to.equal(undefined);
      for (const { cache } of fresh.both) expect(cache.statistics()).to.include({ remoteFailures: 0 });
    });

    it('serves nothing of another version after its life', async () => {
      await fresh.here.put('Dune', 'of 1');
      await fresh.pass(11);
      expect(await rejectionOf(fresh.there.getOrLoad('Dune', failing))).to.equal(AWAY);
      expect(await fresh.here.getOrLoad('Dune', failing)).to.equal('of 1');
    });

    it('is evicted by the others', async () => {
      await fresh.here.getOrLoad('Dune', () => 'of 1');
      await fresh.heard('here', () => fresh.there.evict('Dune'));
      expect(await fresh.here.get('Dune')).to.equal(undefined);
    });

    it('is the same whether it is a number or its text', async () => {
      await fresh.setUp({ version: 1 }, { version: '1' });
      await fresh.here.put('Dune', 'shared');
      expect(await fresh.there.get('Dune')).to.deep.equal({ value: 'shared' });
    });
  });
}

function describeInsideTransactions(fresh: FreshnessStage): void {
  it('inside a transaction, nothing stale is served, nothing is refreshed, and nobody is in a hurry', async () => {
    await fresh.setUp({ refreshAfter: 5 * MINUTE, staleIfError: 20 * MINUTE, loadTimeout: MINUTE });
    await fresh.here.getOrLoad('Dune', () => 'old');
    const transactions = new HandMadeTransactions();
    const aware = new TransactionAwareCache(fresh.here, transactions, () => expect.fail('Nothing is written.'));
    transactions.begin();
    await fresh.pass(6);
    expect(await aware.getOrLoad('Dune', failing)).to.equal('old');
    await fresh.pass(5);
    expect(await rejectionOf(aware.getOrLoad('Dune', failing))).to.equal(AWAY);
    const signals: AbortSignal[] = [];
    const load = aware.getOrLoad('Dune', async ({ signal }) => {
      signals.push(signal);
      await fresh.pass(2);
      return signal.aborted;
    });
    expect([await load, signals.length]).to.deep.equal([false, 1]);
    await transactions.end('committed');
    expect(fresh.here.statistics()).to.include({ servedStale: 0, refreshes: 0, loadTimeouts: 0, loads: 1 });
    expect(await aware.getOrLoad('Dune', failing)).to.equal('old');
  });
}
