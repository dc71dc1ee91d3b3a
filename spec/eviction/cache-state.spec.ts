import { expect } from 'chai';
import { LEAST_DAMAGED, LONGEST_STATE, parseState, parseStates, PURE } from '../../lib/eviction/cache-state.js';

describe(parseState.name, () => {
  it('reads number, generation and run id, with the mark of instances with tags or without it', () => {
    for (const mark of ['', PURE]) {
      const text = `42:1700000000000000:0123456789ab${mark}`;
      expect(parseState(text)).to.deep.equal({ seq: 42, gen: '1700000000000000', run: '0123456789ab', text });
    }
    const longest = `${LEAST_DAMAGED - 1}:${LEAST_DAMAGED - 1}:${'a'.repeat(12)}${PURE}`;
    expect([longest.length, parseState(longest)?.text]).to.deep.equal([LONGEST_STATE, longest]);
  });

  it('takes nothing else for a state', () => {
    const wrong = [
      '',
      '1:2',
      '1:2:ab:',
      '1:2:ab:x',
      '1:2:ab:t:t',
      '1:2:ab:tt',
      '1:2:ab:T',
      '1:2:ab :t',
      '1:2::t',
      ':t',
      '1:2:t',
      '0:2:ab:t',
    ];
    for (const text of [
      ...wrong,
      '1:0:ab',
      `1:${LEAST_DAMAGED}:ab:t`,
      `${LEAST_DAMAGED}:1:ab:t`,
      '1:2:ab:t\n',
      `1:2:${'a'.repeat(13)}:t`,
    ]) {
      expect(parseState(text), text).to.equal(undefined);
    }
  });

  it('reads several, marked and not', () => {
    expect(parseStates('1:2:ab,3:4:cd:t')?.map(({ text }) => text)).to.deep.equal(['1:2:ab', '3:4:cd:t']);
    expect([parseStates(''), parseStates('1:2:ab,'), parseStates('1:2:ab:x')]).to.deep.equal([[], undefined, undefined]);
  });
});
