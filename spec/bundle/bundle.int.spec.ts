import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildSync, type Format } from 'esbuild';
import { projectRoot } from '../support/project.js';
import { runProgram } from '../support/programs.js';
import { RedisServer } from '../support/redis-server.js';
import { ownNamespace } from '../support/shared-redis.js';

interface Seen {
  readonly found: readonly { readonly title: string; readonly run: number }[];
  readonly localHits: number;
  readonly noPermission: readonly string[];
  readonly outOfMemory: readonly string[];
  readonly wrongType: readonly string[];
  readonly breaker: readonly boolean[];
  readonly breakers: readonly string[];
}

/** Packages of CommonJS ask for Node's modules by `require`, which a bundle of modules does not have. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

describe('a program bundled by esbuild with --minify', function () {
  this.timeout(60_000);

  let server: RedisServer;
  let folder: string;

  before(async () => {
    server = await RedisServer.start();
    folder = mkdtempSync(join(projectRoot, 'build', 'bundle-')); // Inside, so that packages can be left out of the bundle.
  });

  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => server.cli('ACL', 'SETUSER', 'books', 'reset', 'on', '>for-the-books-alone', '~*', '&*', '+@all'));

  for (const [what, format, packages] of [
    ['whole, as modules', 'esm', 'bundle'],
    ['whole, as CommonJS', 'cjs', 'bundle'],
    ['without its packages', 'esm', 'external'],
  ] as readonly (readonly [string, Format, 'bundle' | 'external'])[]) {
    it(`caches, evicts, and takes error replies for answers (${what})`, async () => {
      const outfile = join(folder, `${what.replaceAll(/\W+/g, '-')}.${format === 'esm' ? 'mjs' : 'cjs'}`);
      const entry = join(projectRoot, 'build', 'spec', 'bundle', 'bundled-program.js');
      const banner = { js: format === 'esm' ? REQUIRE : '' };
      buildSync({
        entryPoints: [entry],
        outfile,
        bundle: true,
        minify: true,
        platform: 'node',
        target: 'node20',
        format,
        packages,
        banner,
        logLevel: 'silent',
      });
      if (packages === 'bundle') expect(readFileSync(outfile, 'utf8')).not.to.match(/class (ErrorReply|SimpleError|RemoteCacheError)\b/);

      const url = `redis://books:for-the-books-alone@127.0.0.1:${server.port}`;
      const output = await runProgram(process.execPath, [outfile, url, server.url, ownNamespace('bundle')], {
        cwd: folder,
        timeoutMs: 50_000,
      });
      const seen = JSON.parse(output) as Seen;

      expect(seen.found).to.deep.equal([{ title: 'Dune', run: 1 }, { title: 'Dune', run: 1 }, { title: 'Dune', run: 2 }]); // prettier-ignore
      expect(seen.localHits).to.equal(1);
      expect([seen.breaker, seen.breakers]).to.deep.equal([[], ['closed', 'closed']]);
      // The replies that it met were errors, so that the breaker had something to mistake.
      expect(seen.noPermission.filter((outcome) => /^RemoteCacheError CACHE_REMOTE_FAILED: .*NOPERM /.test(outcome))).to.have.length(5);
      expect(seen.outOfMemory.filter((outcome) => /^RemoteCacheError CACHE_REMOTE_FAILED: .*OOM /.test(outcome))).to.have.length(5);
      expect(seen.wrongType.filter((outcome) => outcome !== 'ok' && !outcome.includes('WRONGTYPE '))).to.deep.equal([]);
    });
  }
});
