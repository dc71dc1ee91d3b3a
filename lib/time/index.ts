/** Time as the library sees it: one clock that specs can move by hand, and durations as people write them. Touches only errors. */
export { type Clock, type Milliseconds, systemClock } from './clock.js';
export { type Duration, MAXIMUM_WAIT_MS, parseDuration } from './duration.js';
