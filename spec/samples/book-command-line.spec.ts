import { expect } from 'chai';
import { readCommandLine, USAGE } from '../../samples/book/command-line.js';
import { UsageError } from '../../samples/support/command-line.js';

describe(readCommandLine.name, () => {
  it('tells the story on free ports unless asked for something else', () => {
    expect(readCommandLine([])).to.deep.equal({ mode: 'story', port: 0 });
    expect(readCommandLine(['--port', '9000'])).to.deep.equal({ mode: 'story', port: 9_000 });
  });

  it('serves on well-known ports, or on those it is given', () => {
    expect(readCommandLine(['--serve'])).to.deep.equal({ mode: 'serve', port: 8_091 });
    expect(readCommandLine(['--serve', '--port', '0'])).to.deep.equal({ mode: 'serve', port: 0 });
    expect(readCommandLine(['--serve', '--port=65532'])).to.deep.equal({ mode: 'serve', port: 65_532 });
  });

  it('helps, whatever else is said', () => {
    expect(readCommandLine(['-h']).mode).to.equal('help');
    expect(readCommandLine(['--serve', '--help']).mode).to.equal('help');
  });

  for (const port of ['', 'http', '-1', '1.5', '65533', '99999', '0x50']) {
    it(`refuses '${port}' as a port`, () => {
      expect(() => readCommandLine([`--port=${port}`]))
        .to.throw(UsageError)
        .with.property('message', `Expected --port to be 0 or a port from 1 to 65532, got '${port}'.`);
    });
  }

  it('fits on a terminal of 100 columns', () => {
    expect(USAGE.split('\n').filter((line) => line.length > 100)).to.deep.equal([]);
  });
});
