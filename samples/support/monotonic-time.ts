/**
 * Milliseconds since some moment in the past, with their fractions. All processes of one machine read the same clock, so that what
 * happened in one can be compared with what happened in another; no change of the date disturbs it.
 */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
