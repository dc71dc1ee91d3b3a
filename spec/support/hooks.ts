/**
 * What `.mocharc.json` loads before every run: the tally for `npm test`, and the check that nothing is left open.
 */
import { createHook } from 'node:async_hooks';
import { writeFileSync } from 'node:fs';
import type { Runner } from 'mocha';

// Stack traces name the .ts files. Said here and not as a flag for Node, for which mocha would need a second process between it and Ctrl-C.
process.setSourceMapsEnabled(true);

/** How long the process may take to end by itself after the last test. */
const END_WITHIN_MS = 20_000;

/** Where each open resource was made, by its async id; filled with `TRACE_LEAKS=1` only, as it costs a stack trace for each. */
const origins = new Map<number, { readonly resource: { hasRef?(): boolean }; readonly stack: string }>();

if (process.env['TRACE_LEAKS'] === '1') {
  createHook({
    init: (id, type, _trigger, resource) => {
      if (type !== 'PROMISE') origins.set(id, { resource, stack: String(new Error(type).stack) });
    },
    destroy: (id) => void origins.delete(id),
  }).enable();
}

const setTimeoutOfNode = globalThis.setTimeout;

/** Fake timers that a spec leaves behind make another one wait in vain, far away from where they were left. */
export const mochaHooks = {
  afterEach(): void {
    if (globalThis.setTimeout === setTimeoutOfNode) return;
    globalThis.setTimeout = setTimeoutOfNode;
    throw new Error('Fake timers were left behind.');
  },
};

/** The titles of what failed. */
const failed: string[] = [];

export function mochaGlobalSetup(this: Runner): void {
  this.on('fail', (test) => failed.push(test.fullTitle()));
}

/**
 * Mocha runs without `--exit`: a socket, server or timer that a spec or the library left open keeps the process alive. This says so
 * and fails the run, where otherwise it would hang.
 */
export function mochaGlobalTeardown(this: Runner): void {
  const { MOCHA_TALLY: tally } = process.env;
  if (tally !== undefined) writeFileSync(tally, JSON.stringify({ ...this.stats, failed }));

  setTimeout(() => {
    const left = process.getActiveResourcesInfo().join(', ');
    console.error(`\nThe process did not end within ${END_WITHIN_MS} ms of the last test. Still open: ${left}.`);
    if (origins.size === 0) console.error('Run again with TRACE_LEAKS=1 to see where they were opened.');
    for (const { resource, stack } of origins.values()) if (resource.hasRef?.() === true) console.error(stack);
    process.once('exit', () => (process.exitCode = 70)); // Registered after mocha's own, which sets the number of failures.
    process.exit(70);
  }, END_WITHIN_MS).unref();
}
