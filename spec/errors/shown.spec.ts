import { expect } from 'chai';
import fc from 'fast-check';
import { shown, withoutCredentials } from '../../lib/errors/index.js';

describe(withoutCredentials.name, () => {
  for (const [text, safe] of [
    ['redis://u:pw@h:6379/0', 'redis://***@h:6379/0'],
    ['REDISS://u:pw@h', 'REDISS://***@h'],
    ['redis://:pw@[::1]:7000', 'redis://***@[::1]:7000'],
    ['redis://pw@h', 'redis://***@h'],
    ['redis://u:p/w@h', 'redis://***@h'],
    ['redis://u:p@w@h', 'redis://***@h'],
    ['redis://u:p#w?x=%41@h', 'redis://***@h'],
    ['redis://u:p w@h', 'redis://***@h'],
    ['redis://u:p\'w"@h', 'redis://***@h'],
    ['redis://u:p\nw@h', 'redis://***@h'],
    ['redis://u:p@w', 'redis://***@w'],
    ['redis://u:p', 'redis://***'],
    ['redis://h:6379/0?password=pw', 'redis://***'],
    ['valkeys://u:pw@h', 'valkeys://***@h'],
    ['unix://u:p/w@/run/redis.sock?db=1', 'unix://***@/run/redis.sock?db=1'],
    ['unix://u:pw', 'unix://***'],
    ["Expected 'unix://u:pw@/run/redis.sock'.", "Expected 'unix://***@/run/redis.sock'."],
    ['u:pw@h:6379/2', '***@h:6379/2'],
    ['u:p/w@h', '***@h'],
    ['http://u:pw@h/path', 'http://***@h/path'],
    ["There is no command 'redis://u:pw@h'.", "There is no command 'redis://***@h'."],
    ['~["redis://u:p@w@h"]', '~["redis://***@h"]'],
  ] as const) {
    it(`makes of ${JSON.stringify(text)} ${safe}`, () => {
      expect(withoutCredentials(text)).to.equal(safe);
    });
  }

  it('leaves other text as it is', () => {
    for (const text of [
      'Dune', '', 'redis://h:6379/0', 'redis://[::1]:1', 'rediss://h', 'unix:///run/redis.sock?db=1', 'bob@example.com', '~{"mail":"bob@example.com"}', 'https://medium.com/@bob/a', 'isbn:42', '@', 'a:b', "connect ECONNREFUSED 127.0.0.1:6379",
    ]) expect(withoutCredentials(text)).to.equal(text); // prettier-ignore
  });

  it('lets no part of a password through, whatever it consists of', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.constantFrom('redis', 'rediss', 'REDIS'), (noise, scheme) => {
        const password = `s3cr3t${noise}p4rt`;
        const text = withoutCredentials(`${scheme}://user:${password}@host:6379/1`);
        expect(text).to.equal(`${scheme}://***@host:6379/1`);
      }),
    );
  });
});

describe(shown.name, () => {
  it('shows what is harmless', () => {
    for (const [value, text] of [
      ['book', 'book'],
      [7, '7'],
      [null, 'null'],
      [undefined, 'undefined'],
      [Symbol('x'), 'Symbol(x)'],
      [Object.create(null), 'object'],
      ['Käse, 書', 'Käse, 書'],
    ] as const)
      // prettier-ignore
      expect(shown(value)).to.equal(text);
  });

  it('shows nothing before an @, and no more than is fit for a line', () => {
    expect(shown('bob:pw@nowhere!')).to.equal('***@nowhere!');
    expect(shown('pw@h')).to.equal('***@h');
    expect(shown('redis://u:p@w@h')).to.equal('redis://***@h');
    expect(shown('a\u001b[31m\n\u009b\u202eb\u2028')).to.equal('a\\u001b[31m\\u000a\\u009b\\u202eb\\u2028');
    expect(shown('x'.repeat(1_000_000)).length).to.be.below(300);
  });
});
