import { expect } from 'chai';
import { didYouMean } from '../../lib/errors/index.js';

describe(didYouMean.name, () => {
  const known = ['key', 'keys', 'keyGenerator', 'condition', 'allEntries'];

  it('finds the nearest name, whatever its case', () => {
    expect(didYouMean('ky', known)).to.equal(' Did you mean `key`?');
    expect(didYouMean('Condition', known)).to.equal(' Did you mean `condition`?');
    expect(didYouMean('keygen', ['cacheNames', ...known])).to.equal('');
    expect(didYouMean('allEntry', known)).to.equal(' Did you mean `allEntries`?');
  });

  it('says nothing where nothing is near', () => {
    expect(didYouMean('timeToLive', known)).to.equal('');
    expect(didYouMean('x', [])).to.equal('');
  });
});
