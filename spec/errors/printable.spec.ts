import { expect } from 'chai';
import { MAXIMUM_LINE_LENGTH, MAXIMUM_PRINTED_LENGTH, printable, printableJson, printableLines } from '../../lib/errors/index.js';

/** One of each kind that could drive a terminal, turn the direction of writing, or hide. */
const HOSTILE = [
  0x00, 0x07, 0x08, 0x09, 0x0a, 0x0d, 0x1b, 0x7f, 0x80, 0x85, 0x90, 0x9b, 0x9d, 0x9f, 0xad, 0x61c, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f,
  0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff, 0xfff9, 0xd800, 0xdbff, 0xdc00, 0xdfff,
]; // prettier-ignore

const escaped = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;

describe(printable.name, () => {
  for (const code of HOSTILE) {
    it(`escapes ${escaped(code)}`, () => expect(printable(`a${String.fromCharCode(code)}b`)).to.equal(`a${escaped(code)}b`));
  }

  it('leaves every C0 and C1 control character, and every half of a pair, out', () => {
    for (let code = 0; code < 0xa0; code += 1) {
      if (code === 0x20) code = 0x7f;
      expect(printable(String.fromCharCode(code))).to.equal(escaped(code));
    }
    for (let code = 0xd800; code < 0xe000; code += 0x55) expect(printable(`${String.fromCharCode(code)}.`)).to.equal(`${escaped(code)}.`);
  });

  it('escapes an invisible tag as the pair it is', () => expect(printable('\u{e0041}')).to.equal('\\udb40\\udc41'));

  it('leaves what people write as it is', () => {
    for (const text of ['', ' ', 'Käse, 書, עברית, العربية', 'naïve\u00a0space', '📚', '~["Dune",2]', '\\u001b'])
      expect(printable(text)).to.equal(text);
  });

  it('shortens what is long, and says how long it was', () => {
    expect(printable('x'.repeat(MAXIMUM_PRINTED_LENGTH))).to.equal('x'.repeat(MAXIMUM_PRINTED_LENGTH));
    expect(printable('x'.repeat(300_000))).to.equal(`${'x'.repeat(MAXIMUM_PRINTED_LENGTH)}… (300000 characters)`);
    expect(printable('\u0000'.repeat(300_000)).length).to.be.at.most(6 * MAXIMUM_PRINTED_LENGTH + 30);
    expect(printable('abc', 2)).to.equal('ab… (3 characters)');
  });

  it('cuts a pair into nothing unprintable', () => expect(printable('a📚', 2)).to.equal('a\\ud83d… (3 characters)'));
});

describe(printableLines.name, () => {
  it('keeps the lines, and nothing else that is unprintable', () => {
    expect(printableLines('Error: a\u001b[2J\n  at b\r\n')).to.equal('Error: a\\u001b[2J\n  at b\\u000d\n');
    expect(printableLines(`a\n${'x'.repeat(300_000)}`).length).to.be.at.most(MAXIMUM_LINE_LENGTH + 40);
  });
});

describe(printableJson.name, () => {
  it('is read back as it was, and holds nothing unprintable', () => {
    const value = {
      [`a${HOSTILE.map((code) => String.fromCharCode(code)).join('')}`]: HOSTILE.map((code) => `x${String.fromCharCode(code)}y`),
      t: '\u{e0041}\\',
    };
    const text = printableJson(value);
    expect(printable(text, Number.POSITIVE_INFINITY)).to.equal(text);
    expect(JSON.parse(text)).to.deep.equal(value);
  });

  it('shortens long texts', () => {
    expect(JSON.parse(printableJson({ a: 'x'.repeat(10), b: ['x'.repeat(300_000)] }, 10))).to.deep.equal({
      a: 'x'.repeat(10),
      b: [`${'x'.repeat(10)}… (300000 characters)`],
    });
  });
});
