import { expect } from 'chai';
import sinon from 'sinon';
import { withoutCache } from '../../../lib/cache/index.js';
import { BatchReads } from '../../../lib/cache/two-tier/batch-reads.js';
import { SharedLoad } from '../../../lib/cache/two-tier/shared-load.js';
import { noted, valuesBy } from '../../contract/collections-stage.js';
import { Fleet } from '../../contract/fleet.js';
import { gate, turns } from '../../support/promises.js';

const KEYS = ['a', 'b', 'c', 'd', 'e'];

let fleets = 0;

describe(BatchReads.name, () => {
  let fleet: Fleet;

  beforeEach(() => {
    fleet = new Fleet({ namespace: `batch-reads-${(fleets += 1)}` });
  });

  afterEach(() => fleet.stop());

  it('holds no fill lease of a part that has not begun: others load its keys meanwhile', async () => {
    const [here, there] = [await fleet.join(), await fleet.join()];
    const { promise, open } = gate();
    const { calls, load } = noted((keys) => promise.then(() => valuesBy('of', keys)));
    const reading = here.cache.getAllOrLoad(KEYS, load, { maximumBatch: 2 });
    await turns(5);
    expect(await there.cache.getOrLoad('e', () => 'of there')).to.equal('of there');
    open();
    expect((await reading).get('e')).to.equal('of there');
    expect(calls).to.deep.equal([['a', 'b'], ['c', 'd']]); // prettier-ignore
  });

  it('leaves no load that keeps its batch, whichever way it was loaded', async () => {
    const { cache } = await fleet.join();
    const ended = sinon.spy(SharedLoad.prototype, 'end');
    try {
      await cache.getAllOrLoad(KEYS, noted().load);
      expect(ended.callCount).to.equal(KEYS.length);
      await withoutCache(() => cache.getAllOrLoad(KEYS, noted().load));
      expect(ended.callCount).to.equal(2 * KEYS.length);
      expect(ended.thisValues.map(({ batched }) => batched)).to.deep.equal(ended.thisValues.map(() => undefined));
    } finally {
      ended.restore();
    }
  });
});
