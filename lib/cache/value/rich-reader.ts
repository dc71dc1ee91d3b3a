import { type Class, isCostlyRegExp, MAXIMUM_BIGINT_DIGITS, MAXIMUM_VALUE_DEPTH, revive } from './rich-value.js';

/** What devalue writes in place of a slot's number: values that have no slot, and two marks within arrays. */
const [UNDEFINED, HOLE, NAN, INFINITY, MINUS_INFINITY, MINUS_ZERO, SPARSE] = [-1, -2, -3, -4, -5, -6, -7];

const MAXIMUM_ARRAY_LENGTH = 2 ** 32 - 1;
const DECIMAL = /^(?:0|-?[1-9][0-9]*)$/;
const VIEWS: readonly unknown[] = [
  'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Float16Array', 'Int32Array', 'Uint32Array', 'Float32Array',
  'Float64Array', 'BigInt64Array', 'BigUint64Array', 'DataView',
]; // prettier-ignore

type View = new (buffer: ArrayBuffer) => ArrayBufferView;
type Fields = Record<string, unknown>;

/**
 * The way back from `stringifyRich`, after `JSON.parse`. Instances get the prototype of `type`; without it they are plain objects.
 *
 * devalue has a reader too. It takes whatever devalue may write for anybody; this one takes what `stringifyRich` may write, for the bytes
 * may be a stranger's: few of them can name a value that takes seconds to make, or that no cache can hold.
 *
 * @throws {Error} of any kind for anything else.
 */
export function parseRich(parsed: unknown, type: Class | undefined): unknown {
  if (typeof parsed === 'number') return withoutSlot(parsed);
  return Array.isArray(parsed) ? new RichReader(parsed, type).read() : refuse();
}

/**
 * devalue lays a value out as a list of *slots*: slot 0 is the value itself, and parts are named by the numbers of their slots, which are
 * given in the order in which a walk first comes to each part. So a number is either the next one, and its slot is read here and now, or
 * an earlier one. Every slot is read once, and none is left over.
 */
class RichReader {
  readonly #slots: readonly unknown[];
  readonly #type: Class | undefined;
  /** What was made of each slot. `undefined`: nothing yet, or it is no value by itself. */
  readonly #values: unknown[];
  #next = 0;

  constructor(slots: readonly unknown[], type: Class | undefined) {
    this.#slots = slots;
    this.#type = type;
    this.#values = new Array<unknown>(slots.length);
  }

  read(): unknown {
    const value = this.#part(0, 0);
    return this.#next === this.#slots.length ? value : refuse();
  }

  #part(number: unknown, depth: number): unknown {
    if (typeof number !== 'number') return refuse();
    if (number < 0) return withoutSlot(number);
    if (number !== this.#next) {
      const value = this.#values[number];
      return value === undefined ? refuse() : value;
    }
    const slot = this.#take(number);
    if (typeof slot !== 'object' || slot === null) return (this.#values[number] = slot);
    if (depth > MAXIMUM_VALUE_DEPTH && !isBigInt(slot)) return refuse();
    if (!Array.isArray(slot)) return this.#fill((this.#values[number] = {}), slot, depth);
    if (typeof slot[0] === 'string') return this.#tagged(slot, number, depth);
    return slot[0] === SPARSE ? this.#sparseArray(slot, number, depth) : this.#array(slot, number, depth);
  }

  /** The next slot, which must be the one of this number. */
  #take(number: unknown): unknown {
    if (number !== this.#next || this.#next >= this.#slots.length) return refuse();
    this.#next += 1;
    return this.#slots[this.#next - 1];
  }

  #fill(object: object, slot: object, depth: number): object {
    for (const name of Object.keys(slot)) {
      if (name === '__proto__') return refuse();
      (object as Fields)[name] = this.#part((slot as Fields)[name], depth + 1);
    }
    return object;
  }

  #array(slot: readonly unknown[], number: number, depth: number): unknown[] {
    const array = (this.#values[number] = new Array<unknown>(slot.length));
    for (let i = 0; i < slot.length; i += 1) if (slot[i] !== HOLE) array[i] = this.#part(slot[i], depth + 1);
    return array;
  }

  /** An array that is long and nearly empty: mark, length, and then index and part, by turns. */
  #sparseArray(slot: readonly unknown[], number: number, depth: number): unknown[] {
    const length = slot[1];
    if (!isWithin(length, 0, MAXIMUM_ARRAY_LENGTH)) return refuse();
    const array: unknown[] = (this.#values[number] = []);
    // An element so far off makes V8 keep the array as a table; else it would set memory aside for every index below `length`.
    array[MAXIMUM_ARRAY_LENGTH - 1] = undefined;
    Reflect.deleteProperty(array, MAXIMUM_ARRAY_LENGTH - 1);
    array.length = length;
    let least = 0;
    for (let i = 2; i < slot.length; i += 2) {
      const index = slot[i];
      if (!isWithin(index, least, length - 1)) return refuse();
      array[index] = this.#part(slot[i + 1], depth + 1);
      least = index + 1;
    }
    return array;
  }

  #tagged(slot: readonly unknown[], number: number, depth: number): unknown {
    switch (slot[0]) {
      case 'Map': {
        const map = (this.#values[number] = new Map<unknown, unknown>());
        for (let i = 1; i < slot.length; i += 2) map.set(this.#part(slot[i], depth + 1), this.#part(slot[i + 1], depth + 1));
        return map.size === (slot.length - 1) / 2 ? map : refuse();
      }
      case 'Set': {
        const set = (this.#values[number] = new Set());
        for (let i = 1; i < slot.length; i += 1) set.add(this.#part(slot[i], depth + 1));
        return set.size === slot.length - 1 ? set : refuse();
      }
      case 'null':
        return this.#fill((this.#values[number] = Object.create(null) as object), namedParts(slot), depth);
      case 'type': {
        const fields = slot.length === 2 ? this.#take(slot[1]) : refuse();
        if (!isFields(fields)) return refuse();
        return revive(this.#fill((this.#values[number] = {}), fields, depth + 1), this.#type);
      }
      case 'Buffer': {
        const content = slot.length === 2 ? this.#take(slot[1]) : refuse();
        if (!Array.isArray(content) || content.length !== 1) return refuse();
        return (this.#values[number] = bytesOf(this.#part(content[0], depth + 1)));
      }
      default:
        return (this.#values[number] = VIEWS.includes(slot[0]) ? this.#view(slot, depth) : leafOf(slot));
    }
  }

  #view([name, content, ...more]: readonly unknown[], depth: number): ArrayBufferView {
    const memory = this.#slots[content as number];
    if (more.length > 0 || !Array.isArray(memory) || memory[0] !== 'ArrayBuffer') return refuse();
    return new (globalThis as unknown as Record<string, View>)[name as string]!(this.#part(content, depth) as ArrayBuffer);
  }
}

function withoutSlot(number: number): undefined | number {
  switch (number) {
    case UNDEFINED:
      return undefined;
    case NAN:
      return NaN;
    case INFINITY:
      return Infinity;
    case MINUS_INFINITY:
      return -Infinity;
    case MINUS_ZERO:
      return -0;
    default:
      return refuse();
  }
}

/** The parts of an object without prototype by their names; in its slot they stand by turns. */
function namedParts(slot: readonly unknown[]): object {
  const parts = Object.create(null) as Fields;
  for (let i = 1; i < slot.length; i += 2) {
    const name = slot[i];
    if (typeof name !== 'string' || name in parts) return refuse();
    parts[name] = slot[i + 1];
  }
  return parts;
}

/** What is written as text: each has one way to be written, and no other is taken. */
function leafOf([tag, text, flags, ...more]: readonly unknown[]): unknown {
  if (typeof text !== 'string' || more.length > 0 || (flags !== undefined && tag !== 'RegExp')) return refuse();
  switch (tag) {
    case 'Date': {
      const date = new Date(text);
      return text === '' || date.toISOString() === text ? date : refuse();
    }
    case 'BigInt':
      return text.length <= MAXIMUM_BIGINT_DIGITS + 1 && DECIMAL.test(text) ? BigInt(text) : refuse();
    case 'URL': {
      const url = new URL(text);
      return url.href === text ? url : refuse();
    }
    case 'RegExp':
      return flags === '' ? refuse() : regExpOf(text, flags ?? '');
    case 'ArrayBuffer': {
      const { buffer, byteOffset, byteLength } = bytesOf(text);
      return buffer.slice(byteOffset, byteOffset + byteLength);
    }
    default:
      return refuse();
  }
}

function regExpOf(source: string, flags: unknown): RegExp {
  if (typeof flags !== 'string' || isCostlyRegExp(source, flags)) return refuse();
  const expression = new RegExp(source, flags);
  return expression.source === source && expression.flags === flags ? expression : refuse();
}

function bytesOf(base64: unknown): Buffer {
  if (typeof base64 !== 'string') return refuse();
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : refuse();
}

const isBigInt = (slot: object): boolean => Array.isArray(slot) && slot[0] === 'BigInt';

const isFields = (slot: unknown): slot is object => typeof slot === 'object' && slot !== null && !Array.isArray(slot);

const isWithin = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

function refuse(): never {
  throw new Error('Not what this library writes.');
}
