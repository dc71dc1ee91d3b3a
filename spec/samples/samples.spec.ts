import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../support/project.js';

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');

describe('samples/', () => {
  const samples = readdirSync(join(projectRoot, 'samples')).filter((name) => existsSync(join(projectRoot, 'samples', name, 'main.ts')));
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  /** The services of docker-compose.yml that run a sample, and which. */
  const services = Object.fromEntries(
    [...read('docker-compose.yml').matchAll(/^ {2}([\w-]+):.*\n(?: {4,}.*\n)*? {4}command: \[(.*build\/samples\/.*)\]$/gm)].map(
      ([, name, command]) => [String(name), (String(command).match(/'[^']*'/g) ?? []).map((word) => word.slice(1, -1))],
    ),
  );
  const program = (sample: string): readonly string[] => ['node', '--enable-source-maps', `build/samples/${sample}/main.js`];

  it('are all there', () => {
    expect(samples).to.include.members(['book', 'hello', 'settings']);
  });

  for (const sample of samples) {
    const script = sample === 'book' ? 'sample' : `sample:${sample}`;

    it(`${sample} runs by \`npm run ${script}\`, and its README.md says so`, () => {
      expect(scripts[script]).to.equal(`npm run --silent build && ${program(sample).join(' ')}`);
      expect(read(`samples/${sample}/README.md`)).to.match(new RegExp(`^npm run ${script} +#`, 'm'));
    });

    it(`${sample} runs by \`docker compose run ${sample}\``, () => {
      expect(services[sample]).to.deep.equal(program(sample));
    });
  }

  it('are all that docker-compose.yml runs', () => {
    const { shop = [], ...others } = services;
    expect(Object.keys(others)).to.have.members(samples);
    expect(shop.slice(0, 3)).to.deep.equal(program('book')); // As it serves, for the profile `monitoring`.
  });
});
