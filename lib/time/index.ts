/**
 * Time as the library sees it: one clock that specs can move by hand, durations as people write them,
 * deadlines, and how old a value may be. Touches only errors.
 */
export { alarm } from './alarm.js';
export { afterThisTurn } from './after-this-turn.js';
export { type Clock, type Milliseconds, systemClock } from './clock.js';
export { withDeadline } from './deadline.js';
export { type Duration, MAXIMUM_DURATION_MS, MAXIMUM_WAIT_MS, parseComputedTtl, parseDuration } from './duration.js';
export {
  checkFreshness,
  DEFAULT_RETRY_MS,
  type FreshnessOptions,
  parseLoadTimeout,
  parseStaleIfError,
  type StaleIfError,
  type StaleSettings,
} from './freshness-options.js';
export { StepDeadlines } from './step-deadlines.js';
export { pause, systemTimers, type TimedClock, type Timer, type Timers, timersOf } from './timers.js';
