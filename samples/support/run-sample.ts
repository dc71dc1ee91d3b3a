import { constants } from 'node:os';
import { CacheError } from '../../lib/index.js';
import { UsageError } from './command-line.js';
import { Teardown } from './teardown.js';

/** What a sample is, as a command. */
export interface Sample<O extends { readonly mode: string }> {
  /** What `--help` prints. */
  readonly usage: string;
  /** Understands the command line; `mode: 'help'` prints the usage. @throws {UsageError} */
  readonly read: (args: readonly string[]) => O;
  /** Whether it goes on until somebody ends it: then Ctrl-C is no failure. */
  readonly isEndless: (options: O) => boolean;
  /** Does what it is asked to do and resolves to the exit code. What it starts is ended by the teardown. */
  readonly run: (options: O, teardown: Teardown) => Promise<number>;
}

/** Runs a sample as this process: exit code 2 for a command line it does not understand, 1 for an error, 130 for a story broken off by Ctrl-C. */
export async function runSample<O extends { readonly mode: string }>(sample: Sample<O>): Promise<void> {
  const teardown = new Teardown();
  try {
    const options = sample.read(process.argv.slice(2));
    if (options.mode === 'help') {
      console.log(sample.usage);
    } else {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) endOn(signal, teardown, sample.isEndless(options));
      process.exitCode = await sample.run(options, teardown);
    }
  } catch (error) {
    if (!teardown.hasBegun) complain(error, sample.usage);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  } finally {
    await teardown.run();
  }
}

/** Ctrl-C is the way to end what goes on for ever and so a success; a story that is not told to its end is none. A second one does not wait. */
function endOn(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', teardown: Teardown, isEndless: boolean): void {
  const interrupted = 128 + constants.signals[signal];
  process.on(signal, () => {
    if (teardown.hasBegun) process.exit(interrupted);
    void teardown.run().then(() => process.exit(isEndless ? 0 : interrupted));
  });
}

function complain(error: unknown, usage: string): void {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${usage}`);
  else if (CacheError.is(error)) console.error(`${error.code}: ${error.message}`);
  else console.error(error instanceof Error ? error.message : error);
}
