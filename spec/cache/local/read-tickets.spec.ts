import { expect } from 'chai';
import { ReadTickets } from '../../../lib/cache/local/read-tickets.js';
import { SharedLoad } from '../../../lib/cache/two-tier/shared-load.js';

describe(ReadTickets.name, () => {
  let reads: ReadTickets<SharedLoad>;

  beforeEach(() => {
    reads = new ReadTickets();
  });

  const load = (): SharedLoad => new SharedLoad('book', 'Dune', 0);

  it('cancels the reads of a key that are under way, and none that begins later', () => {
    const [first, second, other] = [reads.begin('Dune'), reads.begin('Dune'), reads.begin('Emma')];
    reads.cancel('Dune');
    const later = reads.begin('Dune');
    expect([first, second, other, later].map((read) => !reads.isValid(read))).to.deep.equal([true, true, false, false]);
  });

  it('cancels those left when some in the middle have ended', () => {
    const [first, second, third] = [reads.begin('Dune'), reads.begin('Dune'), reads.begin('Dune')];
    reads.end('Dune', second);
    reads.cancel('Dune');
    expect([first, third].map((read) => !reads.isValid(read))).to.deep.equal([true, true]);
  });

  it('cancels all of every key', () => {
    const before = ['Dune', 'Emma'].map((key) => reads.begin(key));
    reads.cancelAll();
    const after = reads.begin('Dune');
    expect([...before, after].map((read) => !reads.isValid(read))).to.deep.equal([true, true, false]);
  });

  it('finds the newest load of a key behind plain reads, until it is late, has ended or is cancelled', () => {
    const read = reads.begin('Dune');
    read.load = load();
    const plain = reads.begin('Dune');
    expect(reads.joinable('Dune', 10, 20)).to.equal(read.load);
    expect(reads.joinable('Dune', 20, 20)).to.equal(undefined);
    reads.end('Dune', read);
    expect(reads.joinable('Dune', 10, 20)).to.equal(undefined);
    plain.load = load();
    expect(reads.joinable('Dune', 10, 20)).to.equal(plain.load);
    reads.cancel('Dune');
    expect(reads.joinable('Dune', 10, 20)).to.equal(undefined);
  });

  it('lets go of the load of a read that has ended', () => {
    const read = reads.begin('Dune');
    read.load = load();
    reads.end('Dune', read);
    expect(read.load).to.equal(undefined);
  });
});
