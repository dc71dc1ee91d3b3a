import sinon from 'sinon';
import { turn } from './promises.js';

/** More turns of the event loop than anything needs that is asked for here. */
const TURNS = 200;

/** No timer rings from now on, until it is restored. */
export const standStill = (): sinon.SinonFakeTimers =>
  sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldClearNativeTimers: true });

/**
 * What became of `calls` while every timer stood still; `'waits'` for one that has not ended.
 *
 * @param ticking - timers that tick meanwhile; the clocks that deadlines go by do not.
 */
export async function outcomes(calls: readonly Promise<unknown>[], ticking?: sinon.SinonFakeTimers): Promise<unknown[]> {
  const found: unknown[] = calls.map(() => 'waits');
  calls.forEach((call, i) =>
    call.then(
      (value) => (found[i] = value),
      (error: unknown) => (found[i] = error),
    ),
  );
  for (let count = 0; count < TURNS && found.includes('waits'); count += 1) {
    await turn();
    await ticking?.tickAsync(50);
  }
  return found;
}

/** Opens when `count` have come. */
export function meeting(count: number): () => Promise<void> {
  let left = count;
  let open!: () => void;
  const all = new Promise<void>((resolve) => (open = resolve));
  return () => {
    if ((left -= 1) === 0) open();
    return all;
  };
}
