import { expect } from 'chai';
import { enableCaching } from '../../lib/index.js';
import { runAndUnbind } from '../support/process-end.js';

describe(`${enableCaching.name} in a process without Redis`, function () {
  this.timeout(60_000);

  it('keeps it running no longer than unbindAllAsync', async () => {
    expect(await runAndUnbind({}, 'await enableCaching(container, options);')).to.equal('before 0\nafter 1\n');
  });

  it('starts with the first call where only the module was loaded', async () => {
    expect(await runAndUnbind({}, 'container.load(cachingModule(options));')).to.equal('before 0\nafter 1\n');
  });
});
