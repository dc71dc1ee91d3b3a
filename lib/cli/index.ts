/**
 * The command line `inversify-cache`. It watches a fleet and evicts, over Redis alone, with the parts of the
 * library. Nothing imports it. `main.ts` is the program; a spec can run the rest.
 */
export { runCommandLine } from './run-command-line.js';
