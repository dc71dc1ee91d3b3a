import { expect } from 'chai';
import { readPage } from './pages.js';

describe('README.md, beside others', () => {
  it('shows the table that was observed', () => {
    const rowsOf = (page: string): string[] =>
      readPage(page)
        .split('\n')
        .filter((line) => line.startsWith('|'));
    const observed = rowsOf('bench/BEHAVIOUR.md').map(words);
    expect(observed.length).to.be.greaterThan(2);
    expect(rowsOf('README.md').map(words)).to.include.members(observed.filter((row) => !row.includes('---')));
  });

  it('names the versions that it was observed with', () => {
    const versions = (page: string): string[] =>
      [...readPage(page).matchAll(/\b(bentocache|cacheable|layered-loader|cache-manager|type-cacheable\/core|Redis) (\d+\.\d+\.\d+)/g)].map(
        ([, name, version]) => `${name} ${version}`,
      );
    expect(versions('bench/BEHAVIOUR.md')).to.have.length(6);
    expect(versions('README.md')).to.include.members(versions('bench/BEHAVIOUR.md'));
  });
});

/** A row without the spaces that only align it. */
function words(row: string): string {
  return row.replaceAll(/\s+/g, ' ').replaceAll(/-{3,}/g, '---');
}
