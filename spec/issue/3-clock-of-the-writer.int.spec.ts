/**
 * What happened: an entry in Redis carried its end as a point of time on the writer's clock. A server whose clock was an hour ahead made an
 * entry of ten seconds live for an hour in the local tiers of others; one whose clock was an hour behind wrote entries that everybody else
 * took for dead; and one that was ahead found none of the others' entries, and had Keyv delete them.
 *
 * Decided: a life is a length. The end is written by the Redis script that stores the entry, by the clock that ends it there; a reader
 * translates it to its own monotonic clock with the estimate of the server's that its heartbeats give. Whatever becomes of that estimate,
 * an entry that was read has never more than its whole life left; one whose end nobody knows is returned, and not kept.
 */
import { expect } from 'chai';
import sinon from 'sinon';
import { Fleet, type Instance } from '../contract/fleet.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { waitFor } from '../support/wait.js';

const HOUR = 3_600_000;

describe('Issue 3: a clock that is off', () => {
  let namespace: string;
  let fleet: Fleet;
  let writer: Instance;
  let reader: Instance;

  beforeEach(async () => {
    namespace = ownNamespace('clock');
    fleet = new Fleet({ redis: (await sharedRedis()).url, namespace });
    [writer, reader] = [await fleet.join(), await fleet.join()];
  });

  afterEach(async () => {
    sinon.restore();
    await fleet.stop();
  });

  /** What is done while the wall clock of the process is off. */
  const withClockOff = async <T>(byMs: number, act: () => Promise<T>): Promise<T> => {
    const rightNow = Date.now;
    const off = sinon.stub(Date, 'now').callsFake(() => rightNow() + byMs);
    try {
      return await act();
    } finally {
      off.restore();
    }
  };
  const put = async (value: unknown): Promise<void> => {
    await writer.cache.put('Dune', value, { ttl: '10s' });
    await waitFor(() => reader.cache.statistics().messagesApplied === 1, { what: 'the message of the put, which cancels reads' });
  };
  const rawKey = async (): Promise<string> => new Bookkeeping(await sharedRedis(), namespace).data('Dune');

  for (const [which, byMs] of [
    ['ahead', HOUR],
    ['behind', -HOUR],
  ] as const) {
    it(`of a writer, by an hour (${which}), makes an entry live neither longer nor shorter elsewhere`, async () => {
      await withClockOff(byMs, () => put(1));
      expect(await reader.cache.get('Dune')).to.deep.equal({ value: 1 });
      expect(reader.cache.hitNow('Dune'), 'kept').not.to.equal(undefined);
      reader.clock.advance(10_000);
      expect(reader.cache.hitNow('Dune'), 'at the end of its life').to.equal(undefined);
    });

    it(`of a reader, by an hour (${which}), neither hides an entry nor deletes it`, async () => {
      await put(1);
      const found = await withClockOff(byMs, async () => [
        await reader.cache.get('Dune'),
        reader.cache.hitNow('Dune') !== undefined,
        await reader.cache.getAll(['Dune']),
        await reader.cache.putIfAbsent('Dune', 2),
        (await reader.cache.inspect('Dune')).remote.state,
      ]);
      expect(found).to.deep.equal([{ value: 1 }, true, [{ value: 1 }], { value: 1 }, 'held']);
      const { remote } = await withClockOff(byMs, () => reader.cache.inspect('Dune'));
      expect(remote.leftMs).to.be.within(1, 10_000);
      expect(await (await sharedRedis()).cli('EXISTS', await rawKey())).to.equal(1);
      reader.clock.advance(10_000);
      expect(reader.cache.hitNow('Dune'), 'at the end of its life').to.equal(undefined);
    });
  }

  it('does not matter to what is left of a life that is half over', async () => {
    const redis = await sharedRedis();
    const ticking = await fleet.join({}, { clock: { now: () => performance.now() } });
    const [seconds] = (await redis.cli('TIME')) as [string];
    await redis.cli('SET', await rawKey(), `{"value":1,"life":60000,"end":${(Number(seconds) + 30) * 1_000}}`);
    expect(await withClockOff(HOUR, () => ticking.cache.get('Dune'))).to.deep.equal({ value: 1 });
    expect((await ticking.cache.inspect('Dune')).local.leftMs).to.be.within(1, 30_000);
  });

  for (const [what, raw] of [
    ['is not written', '{"value":1}'],
    ['is not written behind its life', '{"value":1,"life":60000}'],
  ] as const) {
    it(`is not asked for an end that ${what}: the entry is returned, and not kept`, async () => {
      await (await sharedRedis()).cli('SET', await rawKey(), raw);
      expect(await reader.cache.get('Dune')).to.deep.equal({ value: 1 });
      expect(reader.cache.hitNow('Dune')).to.equal(undefined);
      expect((await reader.cache.inspect('Dune')).remote).to.deep.equal({ state: 'held' });
    });
  }

  it('of the server does not reach into the future: an end far away gives an entry its whole life at the most', async () => {
    await (await sharedRedis()).cli('SET', await rawKey(), `{"value":1,"life":10000,"end":${Number.MAX_SAFE_INTEGER}}`);
    await reader.cache.get('Dune');
    reader.clock.advance(9_999);
    expect(reader.cache.hitNow('Dune')).not.to.equal(undefined);
    reader.clock.advance(1);
    expect(reader.cache.hitNow('Dune')).to.equal(undefined);
  });
});
