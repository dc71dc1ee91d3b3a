/**
 * What happened: a service was bundled, and the files of the console did not lie beside the bundle. `/console` answered "The management of the
 * cache failed.", and nothing else said why. Without uPlot's file the page stood still with "Connecting".
 *
 * Decided: in the place of the page the handler says which file it looked for and what bundlers need; a warning of the process tells the whole
 * path, which an answer that needs no token must not. The page works without its plots, and says so.
 */
import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildSync, type Format } from 'esbuild';
import { ConsoleFleet } from '../management/console-fleet.js';
import { runProgram } from '../support/programs.js';
import { projectRoot } from '../support/project.js';

/** What the bundled service answered, and warned of. */
interface Seen {
  readonly without: Answered;
  readonly caches: Answered;
  readonly parts: Answered;
  readonly noPlots: Answered;
  readonly plots: Answered;
  readonly whole: Answered;
  readonly warnings: readonly string[];
}
type Answered = readonly [status: number, type: string, policy: string | null, text: string];

/** Answers before the files are there, without one of the page's own, without uPlot, and with all. */
const SERVICE = `
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Container } from 'inversify';
import { enableCaching } from './lib/index.js';
import { cacheManagement } from './lib/management/index.js';

const [files, folder] = process.argv.slice(2);
const copy = (...missing) => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(files, folder, { recursive: true });
  for (const name of missing) rmSync(join(folder, name));
};
const main = async () => {
  const warnings = [];
  process.on('warning', ({ code, message }) => void (code?.startsWith('CACHE_') && warnings.push(code + ': ' + message)));
  const container = new Container();
  await enableCaching(container, { caches: { book: {} } });
  const management = cacheManagement(container);
  const ask = async (path) => {
    const { status, headers, ...rest } = await management.fetch(new Request('http://localhost/' + path)).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }));
    return [status, headers.get('content-type'), headers.get('content-security-policy'), rest.text];
  };
  const seen = { without: await ask('console'), caches: await ask('caches') };
  copy('feed.js', 'theme.js', 'uplot.js');
  seen.parts = await ask('console');
  copy('uplot.js');
  seen.noPlots = await ask('console');
  seen.plots = await ask('uplot.js');
  copy();
  seen.whole = await ask('uplot.js');
  await container.unbindAllAsync();
  await new Promise((resolve) => setImmediate(resolve));
  process.stdout.write(JSON.stringify({ ...seen, warnings }));
};
main();
`;

const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

describe('Issue 6: files of the console that are missing', function () {
  this.timeout(60_000);

  for (const format of ['esm', 'cjs'] as readonly Format[]) {
    it(`are told of by a service that was bundled, and need no restart when they come (${format})`, async () => {
      const folder = mkdtempSync(join(projectRoot, 'build', 'bundle-console-'));
      try {
        const outfile = join(folder, 'dist', format === 'esm' ? 'service.mjs' : 'service.cjs');
        mkdirSync(join(folder, 'dist'));
        buildSync({
          stdin: { contents: SERVICE, resolveDir: join(projectRoot, 'build') },
          ...{ outfile, bundle: true, minify: true, platform: 'node', target: 'node20', format, logLevel: 'silent' },
          banner: { js: format === 'esm' ? REQUIRE : '' },
        });
        const place = join(folder, 'dist', 'console');
        const args = [outfile, join(projectRoot, 'build/lib/management/console'), place];
        const seen = JSON.parse(await runProgram(process.execPath, args, { cwd: folder })) as Seen;

        const [status, type, policy, text] = seen.without;
        expect([status, type]).to.deep.equal([500, 'text/html; charset=utf-8']);
        expect(policy).to.equal(seen.noPlots[2]).and.to.include("default-src 'none'");
        const words = text.replace(/<[^>]+>/g, '').replace(/\s+/g, ' ');
        expect(words).to.match(
          /console\/console\.html \(and \d+ more files\) was looked for beside the module that holds the management of inversify-cache, and is not there\./,
        );
        expect(words).to.include('Copy the folder node_modules/inversify-cache/build/lib/management/console to console beside the bundle.');
        expect(words).to.include('Leave inversify-cache out of the bundle (esbuild: --external:inversify-cache)');
        expect(text, 'where the service lies').to.not.include(folder);
        expect(text).to.not.match(/<script|<link|style=/);
        expect(seen.caches[0]).to.equal(200);
        expect(seen.parts[0]).to.equal(500);
        expect(seen.parts[3]).to.include('<code>console/feed.js</code> (and 1 more file) was looked for');
        expect(seen.noPlots[0]).to.equal(200);
        expect(seen.noPlots[3]).to.include('<title>Cache console</title>');
        expect([seen.plots[0], (JSON.parse(seen.plots[3]) as { message: string }).message]).to.deep.equal([
          500,
          'The file console/uplot.js is missing beside the module or bundle of the management.',
        ]);
        expect(seen.whole[0]).to.equal(200);
        expect(seen.warnings).to.deep.equal([
          `CACHE_CONSOLE_FILES_MISSING: The console is not complete: ${join(place, 'console.html')} is missing. See "Bundlers" in docs/operations.md.`,
        ]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  it('are not needed for the rest of the page, if they are those of the plots', async () => {
    const fleet = await ConsoleFleet.start({}, 1);
    try {
      await fleet.serve();
      const page = await fleet.blank();
      await page.route('**/uplot.js', (route) => route.fulfill({ status: 500, contentType: 'application/json', body: '{}' }));
      await page.goto(`${fleet.origin}/cache/console`);
      await fleet.shows(page);
      await page.locator('#plots-missing').waitFor();
      expect((await page.locator('#plots-missing').textContent())!.replace(/\s+/g, ' ').trim()).to.equal(
        'The plots are missing: console/uplot.js could not be loaded. Everything else works without it.',
      );
      expect(await page.locator('#plots').isVisible()).to.equal(false);
      await fleet.cacheOf(0).evict('Dune');
      await page.locator('#feed .key').first().waitFor();
      await page.locator('#theme').click();
    } finally {
      await fleet.stop();
    }
  });
});
