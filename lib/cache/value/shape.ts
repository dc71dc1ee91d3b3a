/** One step into a value: a property name, an array index, or a place in a `Map` or `Set`. */
export type Step = string | number;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const UNESCAPED_BY_JSON = /[\u007f-\u009f\u2028\u2029]/g;

/** An array, of this or another realm, and not of a subclass. */
export function isPlainArray(value: object): value is unknown[] {
  // `Array.prototype` is itself an array; the prototype of a subclass is not.
  return Array.isArray(value) && Array.isArray(Object.getPrototypeOf(value));
}

/** An object literal, of this or another realm, or an object without prototype. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = prototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // Only an `Object.prototype` owns this method: the prototype of `class Author extends null` has no parent either.
  return prototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** Whether `value`, known to be a `Date`, a `Map` or the like, is so directly, and not by way of a subclass. */
export function isOfBuiltIn(value: object): boolean {
  const prototype = prototypeOf(value);
  const parent = prototype === null ? null : prototypeOf(prototype);
  return parent !== null && prototypeOf(parent) === null;
}

/** `Object.getPrototypeOf`, with a type. */
export function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}

/** `text` as JSON, with every control character and lone surrogate escaped: safe in logs, and the same after a trip through UTF-8. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(UNESCAPED_BY_JSON, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Names the kind of a value that was refused, for a message; never the value itself. */
export function kindOf(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const { constructor } = (prototypeOf(value) ?? {}) as { constructor?: unknown };
  return typeof constructor === 'function' && constructor.name !== ''
    ? `an instance of ${constructor.name}`
    : 'an instance of a class without a name';
}

/** ``, found at `[1].author` ``; empty for the value itself. */
export function foundAt(path: readonly Step[]): string {
  if (path.length === 0) return '';
  const text = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : IDENTIFIER.test(step) ? `.${step}` : `[${quote(step)}]`))
    .join('');
  return `, found at \`${text}\``;
}
