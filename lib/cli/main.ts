#!/usr/bin/env node
import { runCommandLine } from './index.js';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(130); // A second one does not wait.
    interrupt.abort();
  });
}
// `tail | head`: who read us has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// What the library warns of, a command fails with, in words of its own; other warnings are printed as ever.
const printers = process.listeners('warning');
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'CacheWarning') for (const print of printers) print.call(process, warning);
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
  interrupt: interrupt.signal,
});
