import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { COMPILER_OPTIONS, INIT } from './docs/docs-project.js';
import { linksOf } from './docs/pages.js';
import { projectRoot } from './support/project.js';
import { runNpm } from './support/programs.js';
import { firstExample } from './support/readme-example.js';
import { sharedRedis } from './support/shared-redis.js';
import { manifest, NO_REDIS, UserProject } from './support/user-project.js';

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');

/** The first and the last of each major version that the package may be used with. */
const INVERSIFY = ['7.5.2', '^7', '8.0.0', '^8'];

const peersBeside = (inversify: string): Readonly<Record<string, string>> => ({
  inversify,
  'reflect-metadata': manifest.peerDependencies['reflect-metadata']!,
  '@types/node': manifest.devDependencies['@types/node']!,
});

for (const [i, inversify] of INVERSIFY.entries()) {
  describe(`the package, beside inversify ${inversify}`, function () {
    this.timeout(180_000); // The registry is asked.

    const { code, output } = firstExample(read('README.md'));
    // What README says of 7.
    const example = inversify.includes('7') ? code.replace('unbindAllAsync', 'unbindAll') : code;
    const project = new UserProject();

    before(async () => {
      await project.install(peersBeside(inversify));
      const [, , ...flags] = INIT.split(' ');
      await project.compile(...flags);
      project.write('src/example.ts', example);
      await project.compile();
    });

    after(() => project.remove());

    it('may be installed there', async () => {
      const { version } = JSON.parse(readFileSync(join(project.folder, 'node_modules/inversify/package.json'), 'utf8')) as {
        version: string;
      };
      expect(version.split('.')[0]).to.equal(/\d/.exec(inversify)?.[0]);
      await runNpm(['ls', 'inversify'], { cwd: project.folder }); // Fails where a peer is not what it should be.
    });

    it("runs README's first example, compiled as README says, without a server", async () => {
      expect(await project.run(['build/example.js'])).to.equal(output);
    });

    it('runs it with Redis', async () => {
      const server = await sharedRedis();
      const before = (await server.commandCalls())['publish'] ?? 0;
      const env = { REDIS_URL: `${server.url}/${i}` }; // A database of its own: the example expects an empty one.
      expect(await project.run(['build/example.js'], env)).to.equal(output);
      expect((await server.commandCalls())['publish'] ?? 0, 'messages published').to.be.greaterThan(before);
    });

    it('can be used from CommonJS, of which inversify 7 has a version of its own', async () => {
      project.write(
        'src/required.cts',
        example.replace(/^await [^]*/m, (rest) => `void (async () => {\n${rest}})();\n`),
      );
      await project.compile('--verbatimModuleSyntax', 'false');
      // Where require() of a module is still an experiment, Node warns: that is not what this is about.
      expect(await project.run(['--no-warnings', 'build/required.cjs'])).to.equal(output);
    });
  });
}

describe('the package', function () {
  this.timeout(180_000);

  const installed = new UserProject();
  const project = installed.folder;

  before(() => installed.install(peersBeside('^8')));

  /** By their paths in the package. */
  const installedFiles = (): ReadonlySet<string> => {
    const folder = join(project, 'node_modules', manifest.name);
    const entries = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) => entry.isFile());
    return new Set(entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)));
  };

  it('is used under the options that TypeScript writes into a new project, as all code blocks of the docs are', async () => {
    const [, , ...flags] = INIT.split(' ');
    await installed.compile(...flags);
    const { config } = ts.readConfigFile(join(project, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: object };
    expect(config).to.deep.equal({ compilerOptions: COMPILER_OPTIONS });
  });

  after(() => installed.remove());

  it('holds the compiled library, its sources, samples and pages, and nothing else', () => {
    const isExpected = (file: string): boolean =>
      [
        /^build\/lib\/.+\.(js|d\.ts)(\.map)?$/,
        /^build\/lib\/management\/console\/\w+\.(html|css|svg)$/,
        /^lib\/.+\.ts$/,
        /^samples\/.+\.(ts|md|html|css|js|svg)$/,
        /^(docs|bench\/plots)\/.+\.(md|png|svg)$/,
        /^monitoring\/.+\.(yml|json)$/,
        /^(bench\/)?\w+(\.ko)?\.md$/,
        /^(LICENSE|package\.json)$/,
      ].some((pattern) => pattern.test(file));
    const files = [...installedFiles()];
    expect(files.filter((file) => !isExpected(file))).to.deep.equal([]);
    expect(files).to.include.members([
      'build/lib/index.js',
      'build/lib/index.d.ts',
      'build/lib/management/console/console.html',
      'build/lib/management/console/uplot.js',
      'build/lib/cli/main.js',
      'build/lib/management/console/console.html',
      'lib/index.ts',
      'monitoring/alerts.yml',
      'monitoring/grafana.json',
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'SECURITY.md',
    ]);
  });

  it('holds what its pages point at', () => {
    const files = installedFiles();
    const folders = new Set([...files].flatMap((file) => [dirname(file), dirname(dirname(file))]));
    const pages = [...files].filter((file) => file.endsWith('.md'));
    expect(pages).to.include.members(['README.md', 'docs/README.md', 'docs/errors.md', 'docs/api/README.md', 'bench/RESULTS.md']);
    const lost = pages.flatMap((page) =>
      linksOf(readFileSync(join(project, 'node_modules', manifest.name, page), 'utf8'))
        .map((link) => join(dirname(page), link.split('#')[0]!))
        // The code of specs and of benchmarks is in the repository alone.
        .filter((target) => !files.has(target) && !folders.has(target) && !/^(spec|bench\/(behaviour|policies))\//.test(target))
        .map((target) => `${page}: ${target}`),
    );
    expect(lost).to.deep.equal([]);
  });

  it('brings the command line, and the management with its console', async () => {
    expect(await runNpm(['exec', '--no', '--', 'inversify-cache', '--version'], { cwd: project, env: NO_REDIS })).to.equal(
      `${manifest.version}\n`,
    );
    const script = `
      import 'reflect-metadata';
      import { Container } from 'inversify';
      import { enableCaching } from 'inversify-cache';
      import { cacheManagement } from 'inversify-cache/management';
      const container = new Container();
      await enableCaching(container, { caches: { book: {} } });
      const { fetch } = cacheManagement(container);
      for (const path of ['health', 'console', 'console.js', 'uplot.js']) console.log((await fetch(new Request('http://localhost/' + path))).status);
      await container.unbindAllAsync();`;
    writeFileSync(join(project, 'managed.mjs'), script);
    expect(await installed.run(['managed.mjs'])).to.equal('200\n'.repeat(4));
  });

  it('can be required from CommonJS, as the same module', async () => {
    const script = `import('inversify-cache').then((module) => console.log(require('inversify-cache').Cacheable === module.Cacheable));`;
    writeFileSync(join(project, 'required.cjs'), script);
    // Where require() of a module is still an experiment, Node warns: that is not what this is about.
    expect(await installed.run(['--no-warnings', 'required.cjs'])).to.equal('true\n');
  });
});

describe('the two commands of the README', () => {
  const commands = [...read('README.md').matchAll(/^(npm ci && npm .*?)\s*(?:#.*)?$/gm)].map(([, line]) => line);

  it('are one that sets up and runs the sample, and one that sets up and passes every test', () => {
    expect([...commands].sort()).to.deep.equal(['npm ci && npm run sample', 'npm ci && npm test']);
  });

  it('name the very command of .ci/run', () => {
    expect(read('.ci/run').trimEnd().split('\n').at(-1)).to.equal('npm ci && npm test');
  });
});

describe(firstExample.name, () => {
  const example = '```ts\n@Cacheable()\n```\n';

  it('takes the first block with @Cacheable and the text that follows it', () => {
    const readme = `\`\`\`ts\nother();\n\`\`\`\n${example}It prints:\n\`\`\`text\n1\n\n2\n\`\`\`\n`;
    expect(firstExample(readme)).to.deep.equal({ code: '@Cacheable()\n', output: '1\n\n2\n' });
  });

  it('refuses a README without one, or without its output', () => {
    expect(() => firstExample('```ts\nother();\n```\n')).to.throw('README.md has no ```ts block with @Cacheable.');
    expect(() => firstExample(example)).to.throw('The first example of README.md is not followed by a ```text block with its output.');
  });
});
