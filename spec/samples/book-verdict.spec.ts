import { expect } from 'chai';
import { Book, BookList } from '../../samples/book/book.js';
import { exitCodeOf, judge, type Observation, type Sighting } from '../../samples/book/verdict.js';

describe(judge.name, () => {
  const stored = new Book('Dune', 'Frank Herbert', 12.5, 2);
  const fresh: Observation = { server: 'server-1', answer: new Book('Dune', 'Frank Herbert', 12.5, 2), stored };
  const seen: Sighting = { server: 'server-1', what: 'Dune v1', wasSeen: true };

  it('finds a run good in which every read equals the database and every eviction was seen', () => {
    const verdict = judge([fresh, fresh], [seen]);
    expect(verdict).to.deep.equal({ reads: 2, stale: [], missed: [], isGood: true });
    expect(exitCodeOf(verdict)).to.equal(0);
  });

  const differences: readonly (readonly [what: string, answer: Book])[] = [
    ['version', new Book('Dune', 'Frank Herbert', 12.5, 1)],
    ['price', new Book('Dune', 'Frank Herbert', 9.99, 2)],
    ['author', new Book('Dune', 'Brian Herbert', 12.5, 2)],
    ['name', new Book('Emma', 'Frank Herbert', 12.5, 2)],
  ];
  for (const [what, answer] of differences) {
    it(`finds a read stale whose ${what} is not that of the database`, () => {
      const read = { server: 'server-2', answer, stored };
      const verdict = judge([fresh, read, fresh], [seen]);
      expect(verdict).to.deep.equal({ reads: 3, stale: [read], missed: [], isGood: false });
      expect(exitCodeOf(verdict)).to.equal(1);
    });
  }

  const list = new BookList(1, 'Frank Patrick Herbert', ['Dune', 'Dune Messiah']);
  const lists: readonly (readonly [what: string, answer: BookList])[] = [
    ['author', new BookList(1, 'Frank Herbert', ['Dune', 'Dune Messiah'])],
    ['number', new BookList(2, 'Frank Patrick Herbert', ['Dune', 'Dune Messiah'])],
    ['books', new BookList(1, 'Frank Patrick Herbert', ['Dune'])],
  ];
  for (const [what, answer] of lists) {
    it(`finds a list stale whose ${what} is not that of the database`, () => {
      const same: Observation = { server: 'server-1', answer: new BookList(1, list.author, list.names), stored: list };
      const read: Observation = { server: 'server-2', answer, stored: list };
      expect(judge([same, read], [seen])).to.deep.equal({ reads: 2, stale: [read], missed: [], isGood: false });
    });
  }

  it('does not take a book for a list', () => {
    const read: Observation = { server: 'server-1', answer: new Book('Dune', 'Frank Patrick Herbert', 1, 1, 1), stored: list };
    expect(judge([read], [seen]).stale).to.deep.equal([read]);
  });

  it('does not forgive an eviction that a server did not see', () => {
    const unseen = { server: 'server-3', what: 'author:1, from both caches', wasSeen: false };
    const verdict = judge([fresh], [seen, unseen]);
    expect(verdict).to.deep.equal({ reads: 1, stale: [], missed: [unseen], isGood: false });
    expect(exitCodeOf(verdict)).to.equal(1);
  });

  it('finds that a run without a read, or without an eviction, has shown nothing', () => {
    expect([judge([], [seen]), judge([fresh], [])].map(exitCodeOf)).to.deep.equal([1, 1]);
  });
});
