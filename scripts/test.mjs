// The test command: builds, checks, runs every spec (the integration specs on servers of their own), and ends with `N passed, N failed`,
// where every check counts as one. Arguments go to mocha: `npm test -- --grep evict`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBrowser } from './browser.mjs';
import { ensureServer } from './server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'inversify-cache-test-'));
/** The exit code of spec/support/hooks.ts for a process that did not end by itself. */
const LEAK = 70;
/** Specs that work the processor and wait for hardly anything: they run beside the others, of which the opposite is true. */
const SEARCHES = '{bundle,docs,interleavings,types}';
const count = { passed: 0, failed: 0 };
const failures = [];
let tallies = 0;
const running = new Set();
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    // Ctrl-C in a terminal reaches the children by itself. Here we only wait for them to put down what they hold.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) for (const child of running) child.kill(signal);
  });
}

try {
  await test();
} catch (error) {
  tell(false, error.message);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`);
if (interrupted) console.log('\nInterrupted: not everything was run.');
console.log(`\n${count.passed} passed, ${count.failed} failed`);
process.exitCode = interrupted ? 130 : count.failed === 0 ? 0 : 1;

async function test() {
  if (!(await check('build (TypeScript 6)', node('scripts/build.mjs')))) return;

  // Compiled from what the specs themselves use, so that both look in the same places.
  const { findServerProgram } = await import('../build/spec/support/server-program.js');
  const { findBrowserProgram } = await import('../build/spec/support/browser-program.js');
  const server = ensureServer(findServerProgram);
  const browser = ensureBrowser(findBrowserProgram);

  const npm = process.env.npm_execpath === undefined ? ['npm'] : [process.execPath, process.env.npm_execpath];
  if (!(await check('pack', [...npm, 'pack', '--ignore-scripts', '--silent', '--pack-destination', temporary]))) return;
  const tarball = join(temporary, readdirSync(temporary)[0]);

  const checks = [
    ['lint (eslint)', node('node_modules/eslint/bin/eslint.js', '.')],
    ['unused exports (knip)', node('node_modules/knip/bin/knip.js', '--no-progress')],
    ['types (TypeScript 7)', node('node_modules/typescript-7/bin/tsc', '--noEmit', '--incremental', 'false')],
    ['types of the console (TypeScript 7)', node('node_modules/typescript-7/bin/tsc', '-p', 'lib/management/console', '--noEmit')],
    ['API reference (TypeDoc)', node('scripts/docs.mjs', '--check')],
    ['format (prettier)', node('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')],
    ['package (publint)', node('node_modules/publint/src/cli.js', 'run', tarball, '--strict')],
    [
      'package types (attw)',
      node('node_modules/@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only', '--no-definitely-typed'),
    ],
  ];
  const worker = async () => {
    for (let next = checks.shift(); next !== undefined && !interrupted; next = checks.shift()) await check(...next);
  };
  await Promise.all(Array.from({ length: Math.min(3, availableParallelism()) }, worker));

  if (!interrupted) await specs(server, browser, tarball);
}

/** Runs one command silently, tells how it went and, if it failed, what it printed. */
async function check(name, command) {
  const started = performance.now();
  const { code, output } = await run(command);
  if (interrupted) return false;
  tell(code === 0, `${name}, ${((performance.now() - started) / 1_000).toFixed(1)} s`, output);
  return code === 0;
}

/** Runs mocha, in two processes unless some specs were chosen. What the second prints comes behind what the first does. */
async function specs(server, browser, tarball) {
  const chosen = process.argv.slice(2);
  const env = { ...process.env, REDIS_SERVER: server, CHROMIUM: browser, PACKAGE_TARBALL: tarball };
  if (chosen.length > 0) return void (await mocha('specs', chosen, { env, stdio: 'inherit' }));
  const [, searches] = await Promise.all([
    mocha('specs', ['--ignore', `build/spec/${SEARCHES}/**`], { env, stdio: 'inherit' }),
    mocha(
      `specs of ${SEARCHES}`,
      ['--ignore', `build/spec/!(${SEARCHES.replace(/[{}]/g, '').replaceAll(',', '|')})/**`, '--ignore', 'build/spec/*.js'],
      {
        env,
      },
    ),
  ]);
  console.log(searches.output);
}

/** Runs mocha once, and adds its tally to ours. */
async function mocha(name, args, options) {
  const tallyFile = join(temporary, `tally-${++tallies}.json`);
  const strict = ['--fail-zero', '--forbid-only', '--forbid-pending']; // Nothing is skipped in silence.
  const ended = await run(node('node_modules/mocha/bin/mocha.js', ...strict, ...args), {
    ...options,
    env: { ...options.env, MOCHA_TALLY: tallyFile },
  });
  const { code } = ended;
  const tally = readTally(tallyFile);
  count.passed += tally?.passes ?? 0;
  count.failed += tally?.failures ?? 0;
  if (interrupted) return ended;
  if (tally === undefined) tell(false, `${name}: mocha ended with code ${code} before the last of them`);
  else if (tally.failures > 0) failures.push(`${name}: ${tally.failures} of ${tally.tests}, see above`);
  else if (code !== 0 && code !== LEAK) tell(false, `${name}: mocha ended with code ${code} although none of them failed`);
  if (code === LEAK) tell(false, `${name}: something was left open, see above`);
  return ended;
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function tell(passed, name, output = '') {
  count[passed ? 'passed' : 'failed'] += 1;
  console.log(`  ${passed ? '✔' : '✖'} ${name}`);
  if (passed) return;
  failures.push(name);
  if (output.trim() !== '') console.log(output.trimEnd().replace(/^/gm, '    '));
}

function node(script, ...args) {
  return [process.execPath, join(root, script), ...args];
}

/** Resolves with the exit code and what was printed, once the command has ended; rejects if it cannot be run. */
function run([program, ...args], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const chunks = [];
    running.add(child);
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? signal, output: Buffer.concat(chunks).toString() });
    });
  });
}
