/**
 * Time as the library sees it: one clock that specs can move by hand, durations as people write them, and
 * deadlines. Touches only errors.
 */
export { alarm } from './alarm.js';
export { afterThisTurn } from './after-this-turn.js';
export { type Clock, type Milliseconds, systemClock } from './clock.js';
export { withDeadline } from './deadline.js';
export { type Duration, MAXIMUM_DURATION_MS, MAXIMUM_WAIT_MS, parseComputedTtl, parseDuration } from './duration.js';
export { StepDeadlines } from './step-deadlines.js';
