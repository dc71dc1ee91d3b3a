import { isCostlyRegExp, MAXIMUM_BIGINT_DIGITS, MAXIMUM_VALUE_DEPTH, TYPE_TAG } from './rich-value.js';
import { type StoredTypes, UNNAMED } from './stored-types.js';

/**
 * What devalue writes in place of the number of a slot: values that have no slot, and two marks inside
 * arrays.
 */
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
 * Reads what `stringifyRich` wrote, after `JSON.parse`. Instances get the prototypes of their classes; where
 * there are none they are plain objects.
 *
 * devalue has a reader of its own, but it accepts everything that devalue may write for anybody. This reader
 * accepts only what `stringifyRich` may write, because the bytes may come from a stranger: a few bytes can
 * describe a value that takes seconds to create, or that no cache can hold.
 *
 * @throws {Error} of any kind for anything else.
 */
export function parseRich(parsed: unknown, types: StoredTypes): unknown {
  if (typeof parsed === 'number') return withoutSlot(parsed);
  return Array.isArray(parsed) ? new RichReader(parsed, types).read() : refuse();
}

/**
 * devalue writes a value as a list of *slots*. Slot 0 is the value itself. A part is referred to by the
 * number of its slot. The numbers follow the order in which a walk first reaches each part. So a number is
 * one of two things:
 * - the next number: its slot is read now;
 * - an earlier number: its slot was read before.
 *
 * Every slot is read exactly once, and none is left over.
 */
class RichReader {
  readonly #slots: readonly unknown[];
  readonly #types: StoredTypes;
  /** The values of the slots. `undefined`: the slot was not read yet, or it is not a value by itself. */
  readonly #values: unknown[];
  #next = 0;

  constructor(slots: readonly unknown[], types: StoredTypes) {
    this.#slots = slots;
    this.#types = types;
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

  /** Takes the next slot, which must have this number. */
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

  /** An array that is long and nearly empty: the mark, the length, and then an index and a part in turn. */
  #sparseArray(slot: readonly unknown[], number: number, depth: number): unknown[] {
    const length = slot[1];
    if (!isWithin(length, 0, MAXIMUM_ARRAY_LENGTH)) return refuse();
    const array: unknown[] = (this.#values[number] = []);
    // An element this far away makes V8 store the array as a table. Otherwise V8 would reserve memory for
    // every index below `length`.
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
      case 'Buffer': {
        const content = slot.length === 2 ? this.#take(slot[1]) : refuse();
        if (!Array.isArray(content) || content.length !== 1) return refuse();
        return (this.#values[number] = bytesOf(this.#part(content[0], depth + 1)));
      }
      default: {
        const name = nameIn(slot[0]);
        if (name !== undefined) return this.#instance(slot, number, name, depth);
        return (this.#values[number] = VIEWS.includes(slot[0]) ? this.#view(slot, depth) : leafOf(slot));
      }
    }
  }

  #instance(slot: readonly unknown[], number: number, name: string, depth: number): object {
    const fields = slot.length === 2 ? this.#take(slot[1]) : refuse();
    if (!isFields(fields)) return refuse();
    return this.#types.revive(this.#fill((this.#values[number] = {}), fields, depth + 1), name) ?? refuse();
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

/** The parts of an object without prototype, by name. In its slot, names and parts alternate. */
function namedParts(slot: readonly unknown[]): object {
  const parts = Object.create(null) as Fields;
  for (let i = 1; i < slot.length; i += 2) {
    const name = slot[i];
    if (typeof name !== 'string' || name in parts) return refuse();
    parts[name] = slot[i + 1];
  }
  return parts;
}

/**
 * A value that is written as text. There is exactly one valid text for each value, and no other is accepted.
 */
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

/** The stored name of a class that a tag carries; `undefined` for other tags. */
function nameIn(tag: unknown): string | undefined {
  if (tag === TYPE_TAG) return UNNAMED;
  const isNamed = typeof tag === 'string' && tag.length > TYPE_TAG.length + 1 && tag.startsWith(`${TYPE_TAG}:`);
  return isNamed ? tag.slice(TYPE_TAG.length + 1) : undefined;
}

const isBigInt = (slot: object): boolean => Array.isArray(slot) && slot[0] === 'BigInt';

const isFields = (slot: unknown): slot is object => typeof slot === 'object' && slot !== null && !Array.isArray(slot);

const isWithin = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

function refuse(): never {
  throw new Error('Not what this library writes.');
}
