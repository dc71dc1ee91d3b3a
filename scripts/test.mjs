// The test command. Builds, checks, runs the specs on servers of their own, and ends with `N passed, N failed`.
// Every check counts as one.
//
//   npm test                    everything, within ten minutes on two processors
//   npm run test:quick          build, lint, types, format, and what needs one Redis server at most: two and a half
//   npm test -- --grep evict    arguments go to mocha, which then runs as one process
//
// The specs run in suites. Each suite is a mocha process with servers, ports and directories of its own, and
// several run side by side (scripts/lanes.mjs). What a suite prints is printed as a whole once it has ended.
// scripts/suites.mjs is the one place that says which spec file belongs to which suite, and which suites
// `test:quick` leaves out. spec/suites.spec.ts fails where a spec file starts more than one Redis server, or
// another program, and is not in one of those.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBrowser } from './browser.mjs';
import { runInLanes } from './lanes.mjs';
import { ensurePrometheus } from './prometheus.mjs';
import { ensureServer } from './server.mjs';
import { ensureSpin } from './spin.mjs';
import { MODELS, MONITORING, suitesOf } from './suites.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'inversify-cache-test-'));
/** The exit code of spec/support/hooks.ts for a process that did not end by itself. */
const LEAK = 70;
const IS_QUICK = process.argv[2] === '--quick';
/** For mocha. */
const chosen = process.argv.slice(IS_QUICK ? 3 : 2);
/** What .mocharc.json says, but for the files. */
const MOCHA_OPTIONS = ['--no-config', ...optionsOf('.mocharc.json')];
/** Lints only files that have changed. A rule that looks at types may miss what a change in another file broke. */
const LINT_CACHE = ['--cache', '--cache-strategy', 'content', '--cache-location', 'node_modules/.cache/eslint/'];
/** In its usual place, where `npm run format` expects a folder. */
const FORMAT_CACHE = ['--cache', '--cache-strategy', 'content'];
const LINT = ['lint (eslint)', node('node_modules/eslint/bin/eslint.js', ...(IS_QUICK ? LINT_CACHE : []), '.')];
const QUICK_CHECKS = [
  ['unused exports (knip)', node('node_modules/knip/bin/knip.js', '--no-progress')],
  ['types (TypeScript 7)', node('node_modules/typescript-7/bin/tsc', '--noEmit', '--incremental', 'false')],
  ['types of the console (TypeScript 7)', node('node_modules/typescript-7/bin/tsc', '-p', 'lib/management/console', '--noEmit')],
  ['format (prettier)', node('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', ...FORMAT_CACHE, '.')],
];
const count = { passed: 0, failed: 0 };
const failures = [];
const leftOut = [];
/** What was left out although it was asked for, because this machine cannot run it. */
const impossible = [];
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
if (leftOut.length > 0) console.log(`\nLEFT OUT, and run by \`npm test\`:\n${leftOut.map((what) => `  ${what}`).join('\n')}`);
if (impossible.length > 0)
  console.log(`\nLEFT OUT, because it cannot be run here:\n${impossible.map(({ name, message }) => `  ${name}: ${message}`).join('\n')}`);
console.log(`\n${count.passed} passed, ${count.failed} failed`);
process.exitCode = interrupted ? 130 : count.failed === 0 ? 0 : 1;

async function test() {
  const lint = check(...LINT); // It takes long, and needs no build.
  try {
    await testBeside(lint);
  } finally {
    await lint;
  }
}

async function testBeside(lint) {
  if (!(await check('build (TypeScript 6)', node('scripts/build.mjs')))) return;

  // Compiled from what the specs themselves use, so that both look in the same places.
  const { findServerProgram } = await import('../build/spec/support/server-program.js');
  const { findBrowserProgram } = await import('../build/spec/support/browser-program.js');
  const { findModelPrograms } = await import('../build/spec/support/model-programs.js');
  const { findPrometheusPrograms } = await import('../build/spec/support/prometheus-programs.js');
  const env = { ...process.env, REDIS_SERVER: ensureServer(findServerProgram) };
  if (!IS_QUICK) {
    env.CHROMIUM = ensureBrowser(findBrowserProgram);
    if (chosen.length === 0) {
      tryToHave(MODELS, () => ensureSpin(findModelPrograms));
      tryToHave(MONITORING, () => ensurePrometheus(findPrometheusPrograms));
    }
    const npm = process.env.npm_execpath === undefined ? ['npm'] : [process.execPath, process.env.npm_execpath];
    if (!(await check('pack', [...npm, 'pack', '--ignore-scripts', '--silent', '--pack-destination', temporary]))) return;
    env.PACKAGE_TARBALL = join(temporary, readdirSync(temporary)[0]);
  }

  const checks = [...QUICK_CHECKS, ...(IS_QUICK ? [] : moreChecks(env.PACKAGE_TARBALL))];
  if (IS_QUICK) leftOut.push('the API reference (TypeDoc) and the checks of the package (publint, attw)');
  if (IS_QUICK) leftOut.push('part of: lint (only files that have changed since the last time)');
  const jobs = [{ isBusy: true, run: () => lint }, ...checks.map(([name, command]) => ({ isBusy: true, run: () => check(name, command) }))];
  const suites = suitesToRun();
  if (chosen.length === 0) jobs.push(...suites.map((suite) => ({ isBusy: suite.isBusy, run: () => runSuite(suite, env) })));
  await runInLanes(jobs, availableParallelism(), () => interrupted);
  if (chosen.length === 0 || interrupted) return;
  const files = IS_QUICK ? [...MOCHA_OPTIONS, ...suites.flatMap(filesOf)] : []; // All that .mocharc.json says, or what was chosen.
  await mocha('specs', [...files, ...chosen], { env, stdio: 'inherit' });
}

function moreChecks(tarball) {
  return [
    ['API reference (TypeDoc)', node('scripts/docs.mjs', '--check')],
    ['package (publint)', node('node_modules/publint/src/cli.js', 'run', tarball, '--strict')],
    [
      'package types (attw)',
      node('node_modules/@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only', '--no-definitely-typed'),
    ],
  ];
}

/** Sees to the programs of a suite. Where that cannot be done, the suite is left out, which is a failure in CI. */
function tryToHave(name, ensure) {
  try {
    ensure();
  } catch ({ message }) {
    impossible.push({ name, message });
    if (process.env.CI === 'true') tell(false, `${name}: ${message}`);
  }
}

/** The suites of this run. Notes which are left out, and which are asked for less. */
function suitesToRun() {
  const suites = suitesOf(specFiles());
  if (!IS_QUICK) return suites.filter(({ name }) => !impossible.some((each) => each.name === name));
  for (const { name, needs } of suites) if (needs !== undefined) leftOut.push(`${name} (${needs})`);
  for (const { name, quickEnv } of suites) if (quickEnv !== undefined) leftOut.push(`part of: ${name} (${envText(quickEnv)})`);
  return suites.filter(({ needs }) => needs === undefined);
}

function envText(env) {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** As suites name them. */
function specFiles() {
  const files = readdirSync(join(root, 'build/spec'), { recursive: true }).filter((file) => file.endsWith('.spec.js'));
  return files.map((file) => file.replaceAll(sep, '/').replace(/\.spec\.js$/, '')).sort();
}

function filesOf({ files }) {
  return files.map((file) => `build/spec/${file}.spec.js`);
}

/** Runs one command silently, tells how it went and, if it failed, what it printed. */
async function check(name, command) {
  const started = performance.now();
  const { code, output } = await run(command);
  if (interrupted) return false;
  tell(code === 0, `${name}, ${seconds(started)}`, output);
  return code === 0;
}

/** Runs the specs of a suite. What they print is told once they have ended. */
async function runSuite(suite, env) {
  const started = performance.now();
  const { output } = await mocha(suite.name, [...MOCHA_OPTIONS, ...(process.stdout.isTTY ? ['--color'] : []), ...filesOf(suite)], {
    env: { ...env, ...(IS_QUICK ? suite.quickEnv : {}) },
  });
  console.log(`\n${suite.name}, ${seconds(started)}\n${output.trimEnd()}`);
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
  else for (const title of tally.failed) failures.push(`${name}: ${title}`);
  if (tally?.failures === 0 && code !== 0 && code !== LEAK)
    tell(false, `${name}: mocha ended with code ${code} although none of them failed`);
  if (code === LEAK) tell(false, `${name}: something was left open, as it printed`);
  return ended;
}

function optionsOf(file) {
  const { require: modules, ...options } = JSON.parse(readFileSync(join(root, file), 'utf8'));
  delete options.spec;
  const flags = Object.entries(options).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, `${value}`]));
  return [...modules.flatMap((module) => ['--require', module]), ...flags];
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

function seconds(started) {
  return `${((performance.now() - started) / 1_000).toFixed(1)} s`;
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
