import { expect } from 'chai';
import { readCommandLine, USAGE } from '../../samples/gateway/command-line.js';
import { UsageError } from '../../samples/support/command-line.js';

describe('the command line of samples/gateway', () => {
  it('tells the story on free ports, and serves on well-known ones', () => {
    expect(readCommandLine([])).to.deep.equal({ mode: 'story', port: 0 });
    expect(readCommandLine(['--serve'])).to.deep.equal({ mode: 'serve', port: 8_101 });
    expect(readCommandLine(['--serve', '--port', '0'])).to.deep.equal({ mode: 'serve', port: 0 });
    expect(readCommandLine(['--serve', '--help']).mode).to.equal('help');
  });

  it('refuses what it does not know', () => {
    expect(() => readCommandLine(['--sevre'])).to.throw(UsageError, "Unknown option '--sevre'");
    expect(() => readCommandLine(['--port=65534'])).to.throw(UsageError, "Expected --port to be 0 or a port from 1 to 65533, got '65534'.");
  });

  it('fits on a terminal of 100 columns', () => {
    expect(USAGE.split('\n').filter((line) => line.length > 100)).to.deep.equal([]);
  });
});
