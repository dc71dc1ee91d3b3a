/**
 * What follows a call along its `await`s and callbacks: the load that it belongs to, the transaction that it
 * is in. Each is a `CallContext`, and all of them share one `AsyncLocalStorage`, which is off while nothing
 * uses it. This room knows none of the things that it carries. Hooks into: Node's `AsyncLocalStorage`.
 */
export { CallContext } from './call-context.js';
