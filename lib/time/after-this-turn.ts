import process from 'node:process';

/**
 * Runs `action` once all that the promises of this turn of the event loop lead to has run: methods that evict after their body are among it.
 * A tick alone would come before the first of them when the turn has just begun, and after the last of them only from inside one.
 */
export function afterThisTurn(action: () => void): void {
  queueMicrotask(() => process.nextTick(action));
}
