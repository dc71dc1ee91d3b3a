/**
 * What users test their caching with: the entry `inversify-cache/testing`. It works under any test runner, and
 * imports none. Nothing else in the library imports this room.
 *
 * @module inversify-cache/testing
 */
export {};
