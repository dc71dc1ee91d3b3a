/** The instrumentation scope of everything that comes from here. */
export const SCOPE = 'inversify-cache';
