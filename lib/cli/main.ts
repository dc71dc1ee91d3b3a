#!/usr/bin/env node
import { runCommandLine } from './index.js';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(130); // A second signal ends it at once.
    interrupt.abort();
  });
}
// `tail | head`: the reader has closed the pipe and needs no more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// A command fails, with a message of its own, where the library only warns. Other
// warnings are printed as usual.
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
