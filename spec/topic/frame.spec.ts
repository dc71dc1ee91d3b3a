import { expect } from 'chai';
import { parseFrame } from '../../lib/topic/index.js';

const frame = { head: '{"v":1,"kind":', maximumLength: 256 * 1024 };

describe(parseFrame.name, () => {
  it('hands over the fields of what begins with the head', () => {
    expect(parseFrame('{"v":1,"kind":"a","x":[{"y":"[[[[[[[[[[\\"]]"}]}', frame)).to.deep.equal({
      fields: { v: 1, kind: 'a', x: [{ y: '[[[[[[[[[["]]' }] },
    });
  });

  it('keeps a field by the name of its own answer apart from that answer', () => {
    expect(parseFrame('{"v":1,"kind":"a","malformed":"x"}', frame)).to.have.nested.property('fields.malformed', 'x');
  });

  const head = frame.head;
  const refused: readonly (readonly [string, string, string])[] = [
    ['what is too long', `${head}"${'x'.repeat(frame.maximumLength)}"}`, 'too long'],
    ['another version', '{"v":2,"kind":"a"}', 'unknown head'],
    ['the same in another order', '{"kind":"a","v":1}', 'unknown head'],
    ['a blank more', '{ "v":1,"kind":"a"}', 'unknown head'],
    ['nothing', '', 'unknown head'],
    ['what is cut short', `${head}"a"`, 'not JSON'],
    ['a text that does not end', `${head}"a\\`, 'not JSON'],
    ['two of them', `${head}"a"}${head}"a"}`, 'not JSON'],
    ['nine within each other', `${head}${'['.repeat(8)}${']'.repeat(8)}}`, 'too deep'],
    ['nine behind a text', `${head}"\\\\","a":${'{"a":'.repeat(8)}`, 'too deep'],
  ];
  for (const [title, body, malformed] of refused) {
    it(`refuses ${title}`, () => expect(parseFrame(body, frame)).to.deep.equal({ malformed }));
  }

  it('takes eight within each other', () => {
    expect(parseFrame(`${head}${'['.repeat(7)}${']'.repeat(7)}}`, frame)).to.have.property('fields');
  });

  it('never gives the parser what is too long, too deep or of another head', () => {
    const parse = JSON.parse;
    const given: unknown[] = [];
    JSON.parse = (text: string) => void given.push(text);
    try {
      const size = frame.maximumLength - head.length;
      for (const body of ['['.repeat(2_000_000), head + '['.repeat(size), head + '{"a":'.repeat(size / 6), `${head}${' '.repeat(size)} `])
        expect(parseFrame(body, frame)).to.have.property('malformed');
    } finally {
      JSON.parse = parse;
    }
    expect(given).to.deep.equal([]);
  });
});
