/** inversify 7 as 8: the specs of the room that knows inversify, the samples, and what is called otherwise in 7. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { SampleRun } from '../samples/sample-run.js';
import { projectRoot } from '../support/project.js';
import { runProgram } from '../support/programs.js';

/** As package.json names them: the first that is supported, and the last. */
const VERSIONS = ['inversify-7.5', 'inversify-7'];

const compiled = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Where every import of inversify leads to this version. */
const on = (version: string, ...also: readonly string[]): Record<string, string> => ({
  INVERSIFY: version,
  NODE_OPTIONS: ['other-inversify', ...also].map((name) => `--import ${compiled(`support/${name}.js`)}`).join(' '),
});

/** A program that uses the names of inversify 7. */
const program = (body: string): string => `
  import 'reflect-metadata';
  import { Container } from 'inversify';
  import { CacheConfigurationError, CacheManager, Cacheable, cachingModule, enableCaching, KeyGenerator, SimpleKeyGenerator }
    from ${JSON.stringify(compiled('../lib/index.js'))};
  let loads = 0;
  class Books {
    async find(name) {
      return name + ++loads;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Books.prototype, 'find');
  Object.defineProperty(Books.prototype, 'find', Cacheable('book')(Books.prototype, 'find', descriptor) ?? descriptor);
  const find = async (books) => [await books.find('a'), await books.find('a')].join();
  const print = (...words) => console.log(...words);
  ${body}`;

for (const version of VERSIONS) {
  describe(`with ${version}`, function () {
    this.timeout(900_000); // Two minutes, if nothing else runs.
    this.retries(2); // The samples run in real time, and so do some of the specs.
    let home: string;

    before(() => {
      home = mkdtempSync(join(tmpdir(), 'inversify-cache-inversify-7-'));
    });

    after(() => rmSync(home, { recursive: true, force: true }));

    it('passes the specs of inversify/', async () => {
      const folder = compiled('inversify');
      const files = readdirSync(folder).filter((name) => name.endsWith('.spec.js'));
      // mocha would load the files by require(), which no hook of a loader sees; a .mjs it imports.
      const specs = join(home, 'specs.mjs');
      writeFileSync(
        specs,
        `import { Container } from 'inversify';
         if (Container.prototype.loadSync === undefined) throw new Error('This is not inversify 7.');
         for (const file of ${JSON.stringify(files)}) await import(${JSON.stringify(pathToFileURL(`${folder}/`).href)} + file);`,
      );
      const output = await runProgram(
        process.execPath,
        [
          join(projectRoot, 'node_modules/mocha/bin/mocha.js'),
          ...['--no-config', '--require', compiled('support/hooks.js'), '--timeout', '60000'],
          specs,
        ],
        { cwd: projectRoot, env: on(version, 'names-of-inversify-8'), timeoutMs: 800_000 },
      );
      expect(Number(/^ +(\d+) passing/m.exec(output)?.[1]), output).to.be.greaterThan(150);
      expect(output).not.to.match(/pending/);
    });

    for (const sample of ['book', 'hello', 'settings', 'gateway']) {
      it(`tells the story of samples/${sample}`, async () => {
        const run = new SampleRun(sample, [], sample === 'book' ? 'program' : 'none', on(version, 'names-of-inversify-8'));
        try {
          expect(await run.end, run.output + run.errors).to.deep.equal({ code: 0, signal: null });
          expect(run.errors).to.equal('');
        } finally {
          await run.remove();
        }
      });
    }

    const prints = (what: string, body: string, output: readonly string[]): void => {
      it(what, async () => {
        const printed = await runProgram(process.execPath, ['--input-type=module', '--eval', program(body)], {
          cwd: projectRoot,
          env: { ...on(version), REDIS_URL: undefined, REDIS_HOST: undefined },
        });
        expect(printed.trim().split('\n')).to.deep.equal(output);
      });
    };

    prints(
      'caches with `await container.load(module)`, and ends with `await container.unbindAll()`',
      `const container = new Container();
       container.bind(Books).toSelf();
       await container.load(cachingModule());
       const books = container.get(Books);
       print(await find(books));
       await container.unbindAll();
       print(await find(books));`,
      ['a1,a1', 'a2,a3'],
    );

    prints(
      'covers subclasses, dynamic values and constants with `enableCaching`',
      `const container = new Container();
       class More extends Books {}
       container.bind(More).toSelf();
       container.bind('dynamic').toDynamicValue(() => new Books());
       container.bind('constant').toConstantValue(new Books());
       const manager = await enableCaching(container);
       print(manager === container.get(CacheManager));
       for (const service of [More, 'dynamic', 'constant']) print(await find(container.get(service)));
       await container.unbindAll();`,
      ['true', 'a1,a1', 'a1,a1', 'a1,a1'],
    );

    prints(
      'simulates a fleet, and ends it',
      `const { simulateFleet } = await import(${JSON.stringify(compiled('../lib/testing/index.js'))});
       const fleet = await simulateFleet({ wire: (container) => container.bind(Books).toSelf() });
       print(await find(fleet[0].get(Books)));
       await fleet.restart(0);
       print(await find(fleet[0].get(Books)));
       await fleet.stop();`,
      ['a1,a1', 'a1,a1'],
    );

    prints(
      'refuses a second module, whichever way it comes',
      `const ways = {
         enableCaching: (container) => enableCaching(container),
         load: (container) => container.load(cachingModule()),
         loadSync: async (container) => container.loadSync(cachingModule()),
       };
       for (const [name, second] of Object.entries(ways)) {
         const container = new Container();
         container.bind(Books).toSelf();
         await enableCaching(container);
         try {
           await second(container);
         } catch (error) {
           print(name, error instanceof CacheConfigurationError, error.code);
         }
         print(await find(container.get(Books)));
         await container.unbindAll();
       }`,
      ['enableCaching', 'load', 'loadSync'].flatMap((name, i) => [`${name} true CACHE_OPERATION_INVALID`, `a${i + 1},a${i + 1}`]),
    );

    prints(
      'tells why a start failed, and can be started again',
      `const container = new Container();
       container.bind(Books).toSelf();
       try {
         await enableCaching(container, { redis: 'redis://127.0.0.1:1', connectTimeout: '200ms' });
       } catch (error) {
         print(error.code);
       }
       print(container.isBound(CacheManager));
       await enableCaching(container);
       print(await find(container.get(Books)));
       await container.unbindAll();`,
      ['CACHE_REMOTE_CONNECT_FAILED', 'false', 'a1,a1'],
    );

    prints(
      'lets parts be rebound',
      `class Loud extends SimpleKeyGenerator {
         generate(...call) {
           print('asked');
           return super.generate(...call);
         }
       }
       for (const rebind of ['rebind', 'rebindSync']) {
         const container = new Container();
         container.bind(Books).toSelf();
         await container.load(cachingModule());
         (await container[rebind](KeyGenerator)).to(Loud);
         print(await find(container.get(Books)));
         await container.unbindAll();
       }`,
      ['asked', 'asked', 'a1,a1', 'asked', 'asked', 'a2,a2'],
    );
  });
}
