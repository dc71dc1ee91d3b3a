import { expect } from 'chai';
import { MAXIMUM_CHUNK } from '../../../lib/cache/chunks.js';
import { EvictionBatches } from '../../../lib/cache/two-tier/eviction-batches.js';

describe(EvictionBatches.name, () => {
  let submitted: { keys: readonly string[]; acks: boolean }[];
  let batches: EvictionBatches;

  beforeEach(() => {
    submitted = [];
    batches = new EvictionBatches(async (keys, acks) => {
      submitted.push({ keys, acks });
      return { removed: keys.length, acknowledged: undefined };
    });
  });

  it('submits what is asked for in one turn at once, each key once', async () => {
    const later = Promise.resolve().then(() => batches.add(['Emma', 'Dune'], false)); // As a method that evicts after its body.
    await Promise.all([batches.add(['Dune'], false), later]);
    expect(submitted).to.deep.equal([{ keys: ['Dune', 'Emma'], acks: false }]);
  });

  it('submits what is asked for in the next turn anew', async () => {
    await batches.add(['Dune'], false);
    await batches.add(['Dune'], false);
    expect(submitted).to.have.length(2);
  });

  it('keeps those that wait for acknowledgements apart', async () => {
    await Promise.all([batches.add(['Dune'], false), batches.add(['Emma'], true)]);
    expect(submitted).to.deep.equal([
      { keys: ['Dune'], acks: false },
      { keys: ['Emma'], acks: true },
    ]);
  });

  it('takes all of a turn, however many: whoever submits them sends chunks, one after the other', async () => {
    const books = (count: number): string[] => Array.from({ length: count }, (_, i) => `book ${i}`);
    await Promise.all([batches.add(books(MAXIMUM_CHUNK), false), batches.add(['Dune'], false)]);
    expect(submitted.map(({ keys }) => keys.length)).to.deep.equal([MAXIMUM_CHUNK + 1]);
  });

  it('tells every caller of a failure', async () => {
    const failing = new EvictionBatches(() => Promise.reject(new Error('Redis is away.')));
    const outcomes = await Promise.allSettled([failing.add(['Dune'], false), failing.add(['Emma'], false)]);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as Error).message)).to.deep.equal([
      'Redis is away.',
      'Redis is away.',
    ]);
  });
});
