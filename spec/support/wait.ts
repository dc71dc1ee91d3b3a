import { setTimeout as pause } from 'node:timers/promises';
import type { Milliseconds } from '../../lib/time/index.js';

/** How {@link waitFor} asks, and when it gives up. */
export interface WaitOptions {
  /** The fact waited for, as it completes the sentence "Waited 5000 ms in vain for …". */
  readonly what: string;
  /** When to give up. Default: `30_000`, of which a busy machine may need some. */
  readonly timeoutMs?: Milliseconds;
  /** How long to rest between two questions; `0` asks once per turn of the event loop. Default: `2`. */
  readonly everyMs?: Milliseconds;
}

// Taken at load, before a spec can put fake timers in their place: waiting happens in real time.
const now = performance.now.bind(performance);
const turn = setImmediate;

/**
 * Resolves once `fact` holds. The one way specs wait for something that announces itself by no promise.
 *
 * @param fact - asked at once and then again and again. While it throws or rejects it does not hold.
 * @throws {Error} naming the fact once `timeoutMs` have passed; its `cause` is what the fact threw last.
 */
export async function waitFor(
  fact: () => boolean | Promise<boolean>,
  { what, timeoutMs = 30_000, everyMs = 2 }: WaitOptions,
): Promise<void> {
  const deadline = now() + timeoutMs;
  for (;;) {
    let thrown: unknown;
    try {
      if (await fact()) return;
    } catch (error) {
      thrown = error;
    }
    if (now() >= deadline)
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`, thrown === undefined ? undefined : { cause: thrown });
    await (everyMs === 0 ? new Promise<void>((resolve) => void turn(resolve)) : pause(everyMs));
  }
}
