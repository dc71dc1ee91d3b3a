import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Milliseconds } from '../../lib/time/index.js';
import type { ModelPrograms } from '../support/model-programs.js';
import { projectRoot } from '../support/project.js';
import { flagsOf, type Model, type ModelRow } from './model-row.js';

/** What became of a run. */
export type Outcome =
  /** Every state was visited, and no assertion failed. */
  | { readonly kind: 'held'; readonly states: number; readonly depth: number }
  /** An assertion failed, after so many steps. */
  | { readonly kind: 'broken'; readonly promise: string; readonly depth: number }
  /** Neither is known: the model could not be read, the search was cut off, or something else went wrong. */
  | { readonly kind: 'failed'; readonly why: string };

/** How a row is run. */
export interface RunOptions {
  readonly programs: ModelPrograms;
  /** The folder of the `.pml` files. Default: this one, of the sources. */
  readonly folder?: string;
  /** After this a search counts as failed. Default: twenty minutes; the longest takes one, on a slow processor. */
  readonly timeoutMs?: Milliseconds;
  /** After this much memory a search counts as failed. Default: 2000. */
  readonly memoryMb?: number;
  /** The longest path that is searched; if one is longer, the search counts as failed. Default: 10 000 steps. */
  readonly maximumDepth?: number;
  /** Ends the programs that run. */
  readonly signal?: AbortSignal;
}

/** Checks one row: SPIN makes a program of the model, the compiler builds it, and it visits every state. */
export async function runRow(model: Model, row: ModelRow, options: RunOptions): Promise<Outcome> {
  const { programs, folder = join(projectRoot, 'spec/model'), timeoutMs = 1_200_000, memoryMb = 2_000, maximumDepth = 10_000 } = options;
  const cwd = mkdtempSync(join(tmpdir(), 'inversify-cache-model-'));
  const run = (program: string, ...args: string[]): Promise<Ended> => runIn(cwd, program, args, timeoutMs, options.signal);
  try {
    copyFileSync(join(folder, `${model.name}.pml`), join(cwd, 'model.pml')); // SPIN writes beside the model.
    const made = await run(programs.spin, `-P${programs.compiler} -E -x c`, ...flagsOf(row), '-a', 'model.pml');
    if (made.code !== 0) return { kind: 'failed', why: `spin: ${made.output.trim()}` };
    // A search that ends at a broken promise is short: to optimize its program takes longer.
    const optimized = row.breaks === undefined ? '-O1' : '-O0';
    const built = await run(programs.compiler, optimized, '-w', '-DSAFETY', '-DCOLLAPSE', `-DMEMLIM=${memoryMb}`, '-o', 'pan', 'pan.c');
    if (built.code !== 0) return { kind: 'failed', why: `compiler: ${built.output.trim()}` };
    const searched = await run(join(cwd, 'pan'), `-m${maximumDepth}`, '-w22');
    return searched.isLate ? { kind: 'failed', why: `the search took more than ${timeoutMs} ms` } : outcomeOf(searched, model.promises);
  } finally {
    rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }); // A compiler that was ended may still write.
  }
}

/** As SPIN says it: the number of states depends on it. */
export async function spinVersion({ spin }: ModelPrograms): Promise<string> {
  const { output } = await runIn(tmpdir(), spin, ['-V'], 10_000);
  return /Spin Version [\d.]+/.exec(output)?.[0] ?? 'Spin of an unknown version';
}

/** What the search printed, understood. Whatever is not known to be a whole search has failed. */
function outcomeOf({ code, output }: { code: number | string; output: string }, promises: Model['promises']): Outcome {
  const depth = /^State-vector \d+ byte, depth reached (\d+), errors: (\d+)$/m.exec(output);
  const states = /^\s*(\d+) states, stored$/m.exec(output);
  const broken = /^pan:1: assertion violated (.*) \(at depth (\d+)\)$/m.exec(output);
  if (broken !== null) {
    const promise = promises[broken[1]!.replaceAll(' ', '')];
    if (promise !== undefined && depth?.[2] === '1') return { kind: 'broken', promise, depth: Number(broken[2]) };
  }
  const isWhole = /^Full statespace search for:$/m.test(output) && !/Search not completed|too small|out of memory|MEMLIM/i.test(output);
  if (code === 0 && isWhole && depth?.[2] === '0' && states !== null && !/^pan:1:/m.test(output))
    return { kind: 'held', states: Number(states[1]), depth: Number(depth[1]) };
  const complaint = COMPLAINTS.map((sort) => sort.exec(output)?.[0]).find((found) => found !== undefined) ?? output;
  return { kind: 'failed', why: `the search ended with ${code}: ${complaint.trim()}` };
}

/** What SPIN's search complains of, the most telling first. */
const COMPLAINTS = [/^.*(?:MEMLIM|out of memory).*$/im, /^.*too small.*$/m, /^pan:1: .*$/m, /^.*error.*$/im];

interface Ended {
  readonly code: number | string;
  readonly output: string;
  readonly isLate: boolean;
}

/** Runs a program with all that it starts. When that is to end early, all of it ends: a compiler is several programs. */
function runIn(cwd: string, program: string, args: readonly string[], timeoutMs: Milliseconds, signal?: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const env = { ...process.env, TMPDIR: cwd, LC_ALL: 'C' }; // What the compiler leaves behind is removed as well.
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let isLate = false;
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const guard = setTimeout(() => {
      isLate = true;
      kill();
    }, timeoutMs);
    signal?.addEventListener('abort', kill);
    const chunks: Buffer[] = [];
    const over = (): void => {
      clearTimeout(guard);
      signal?.removeEventListener('abort', kill);
    };
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => {
      over();
      reject(error);
    });
    // Comes when the last of them has closed its output, so nothing is written any more.
    child.on('close', (code, killedBy) => {
      over();
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve({ code: code ?? killedBy ?? 'nothing', output: Buffer.concat(chunks).toString(), isLate });
    });
  });
}
