/** What README says before its first heading: all that somebody needs who looks for twenty seconds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../support/project.js';
import { linksOf, readPage } from './pages.js';

interface Manifest {
  readonly engines: { readonly node: string };
  readonly peerDependencies: { readonly inversify: string };
}

for (const page of ['README.md', 'README.ko.md']) {
  describe(`the front page, ${page}`, () => {
    const text = readPage(page);
    const top = text.slice(0, text.indexOf('\n## '));
    const [, , sentence = '', picture = '', install = '', program = ''] = top.split(/\n\n(?=\S)/);

    it('begins with one sentence and a picture, which says in words what it shows', () => {
      expect(sentence.split(/(?<=[.다])\s+(?=[A-Z@가-힣])/).length).to.be.at.most(page === 'README.md' ? 1 : 2);
      expect(sentence.length).to.be.lessThan(250);
      expect(picture).to.match(/^!\[[^\]]{40,}\]\(docs\/eviction\.svg\)$/);
    });

    it('installs with the versions that package.json asks for', () => {
      const { engines, peerDependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Manifest;
      expect(install).to.include('\nnpm install inversify-cache inversify reflect-metadata\n');
      expect(install).to.include(
        `Node ${engines.node.replace('20.19.0', '20.19').replace('22.12.0', '22.12')}, inversify ${peerDependencies.inversify};`,
      );
    });

    it('shows a program, and lists what there is, a line and a link each', () => {
      expect(program).to.match(/^```ts\n/);
      const features = top.split('\n- ').slice(1);
      expect(features.length).to.be.within(8, 12);
      for (const feature of features) {
        expect(linksOf(feature), feature).not.to.deep.equal([]);
        expect(feature.replaceAll(/\]\([^)]*\)/g, '').length, feature).to.be.lessThan(120);
      }
    });
  });
}

it('README goes on with how it works, the contract, others, and when not to use it', () => {
  const headings = [...readPage('README.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  const inOrder = ['How it works', 'The contract', 'Beside other libraries', 'When not to use it'];
  expect(headings.filter((heading) => inOrder.includes(heading!))).to.deep.equal(inOrder);
});
