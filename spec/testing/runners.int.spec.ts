/**
 * `inversify-cache/testing` under the test runners of others, from the packed package in an empty project: the files of `runners/` are compiled
 * and run as a user would do it, each time with the import of the runner in question. `….passes.test.ts` must pass. `….fails.test.ts` must
 * fail, and its first line says what is then printed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { rejectionOf } from '../contract/rejection.js';
import { COMPILER_OPTIONS } from '../docs/docs-project.js';
import { projectRoot } from '../support/project.js';
import { sharedRedis } from '../support/shared-redis.js';
import { UserProject } from '../support/user-project.js';

/** How a user runs test files. */
interface TestRunner {
  readonly name: string;
  /** Where `describe` and `it` come from. */
  readonly module: string;
  /** What Node is told, with the files behind it. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it compiles by itself. Default: it is given JavaScript. */
  readonly readsTypeScript?: boolean;
}

const RUNNERS: readonly TestRunner[] = [
  { name: 'node:test', module: 'node:test', command: ['--test'] },
  { name: 'Mocha', module: 'mocha', command: ['node_modules/mocha/bin/mocha.js', '--timeout', '60000'] },
  {
    name: 'Vitest',
    module: 'vitest',
    command: ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=60000', '--hookTimeout=60000'],
    readsTypeScript: true,
  },
  {
    name: 'Jest, with ES modules',
    module: '@jest/globals',
    command: ['node_modules/jest/bin/jest.js', '--config', '{ "testEnvironment": "node", "transform": {}, "testTimeout": 60000 }'],
    env: { NODE_OPTIONS: '--experimental-vm-modules' },
  },
];

const source = join(projectRoot, 'spec/testing/runners');
const files = readdirSync(source).filter((file) => file.endsWith('.ts'));
const textOf = (file: string): string => readFileSync(join(source, file), 'utf8');
const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };

describe('inversify-cache/testing, packed and installed', function () {
  this.timeout(180_000); // The registry is asked.
  let project: UserProject;

  before(async () => {
    project = new UserProject();
    await project.install(dependencies, join(source, 'package-lock.json'));
    project.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
    for (const [i, { module }] of RUNNERS.entries())
      for (const file of files) project.write(`src/${i}/${file}`, textOf(file).replace("'node:test'", `'${module}'`));
    await project.compile();
  });

  after(() => project.remove());

  for (const [i, { name, command, env, readsTypeScript = false }] of RUNNERS.entries()) {
    describe(`under ${name}`, () => {
      /** Runs test files. Resolves with what was printed. */
      const run = async (tests: readonly string[]): Promise<string> => {
        const paths = tests.map((file) => (readsTypeScript ? `src/${i}/${file}` : `build/${i}/${file.replace(/ts$/, 'js')}`));
        const { url } = await sharedRedis();
        return project.run([...command, ...paths], { REDIS_URL: `${url}/${i + 1}`, NO_COLOR: '1', ...env });
      };

      it('passes', async () => {
        await run(files.filter((file) => file.endsWith('.passes.test.ts')));
      });

      it('fails with a message that says why', async () => {
        const failing = files.filter((file) => file.endsWith('.fails.test.ts'));
        const { message } = (await rejectionOf(run(failing))) as Error;
        for (const file of failing) expect(message).to.include(/^\/\/ The output says: (.+)$/m.exec(textOf(file))![1]);
      });
    });
  }
});
