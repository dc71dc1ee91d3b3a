import process from 'node:process';

/**
 * Runs `action` after everything that the promises of this turn of the event loop lead to, methods that evict
 * after their body included. A tick alone is not enough: when the turn has just begun it comes before the
 * first callback of a promise. It comes after the last one only if it is set from inside such a callback.
 */
export function afterThisTurn(action: () => void): void {
  queueMicrotask(() => process.nextTick(action));
}
