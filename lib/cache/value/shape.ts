/** One step into a value: a property name, an array index, or a position in a `Map` or `Set`. */
export type Step = string | number;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const UNESCAPED_BY_JSON = /[\u007f-\u009f\u2028\u2029]/g;

const NATIVE = /\{\s*\[native code\]\s*\}$/;

/** Whether `value` is an array, of this or another realm, and not of a subclass. */
export function isPlainArray(value: object): value is unknown[] {
  // `Array.prototype` is itself an array. The prototype of a subclass is not.
  return Array.isArray(value) && Array.isArray(Object.getPrototypeOf(value));
}

/** Whether `value` is a plain object, of this or another realm, or an object without prototype. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = prototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // Only an `Object.prototype` has this method of its own. The prototype of `class Author extends null` has
  // no parent either.
  return prototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/**
 * Whether `value`, which is known to be a `Date`, a `Map` or the like, is so directly and not through a
 * subclass.
 */
export function isOfBuiltIn(value: object): boolean {
  const prototype = prototypeOf(value);
  const parent = prototype === null ? null : prototypeOf(prototype);
  return parent !== null && prototypeOf(parent) === null;
}

/** Whether `constructor` is one of the JavaScript engine or of Node, and no class of a program. */
export const isNative = (constructor: unknown): boolean =>
  typeof constructor === 'function' && NATIVE.test(Function.prototype.toString.call(constructor));

/** `Object.getPrototypeOf`, with a type. */
export function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}

/**
 * `text` as JSON, with every control character and lone surrogate escaped. The result is safe in logs, and
 * does not change on the way through UTF-8.
 */
export function quote(text: string): string {
  return JSON.stringify(text).replace(UNESCAPED_BY_JSON, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The kind of a refused value, for a message. Never shows the value itself. */
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
