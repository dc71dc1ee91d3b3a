import type { Milliseconds } from '../../lib/time/index.js';

/** Milliseconds of CLOCK_MONOTONIC: one scale for all processes of the machine, unlike `performance.now`. */
export const monotonicNow = (): Milliseconds => Number(process.hrtime.bigint()) / 1e6;
