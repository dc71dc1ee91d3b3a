/** The instrumentation scope of all meters and spans of this library. */
export const SCOPE = 'inversify-cache';
