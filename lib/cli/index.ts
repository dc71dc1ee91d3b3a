/**
 * The command line `inversify-cache`: looks at a fleet and evicts, over Redis alone, with the library's own pieces. Nothing imports it. `main.ts` is the program, the rest can be run from a spec.
 */
export { runCommandLine } from './run-command-line.js';
