/** How the text of an arrow function begins; nothing else begins so, and a text that is not understood is none. */
const ARROW = /^(?:\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u;

/** Whether `candidate` has no `this` of its own, so that none need be made for it. */
export function isArrowFunction(candidate: (...args: never[]) => unknown): boolean {
  return ARROW.test(Function.prototype.toString.call(candidate));
}
