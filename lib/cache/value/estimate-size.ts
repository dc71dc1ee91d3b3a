/** About as many parts of a value are looked at. */
const MOST_PARTS = 1_000;

/** `{"value":` and `}`. */
const AROUND = 10;

/** What a part takes that is not looked at. */
const PART = 8;

/**
 * About how many bytes a value takes when it is encoded as for the remote tier, without encoding it.
 *
 * Looks at a bounded number of its parts, however large it is (but lists all names of an object). Of a list
 * it takes some elements from everywhere, of a map or a set the first ones. The others count as parts like
 * these. Values that cannot be encoded have a size as well.
 *
 * @returns `undefined` if it cannot be looked at: a getter or a proxy inside it threw.
 */
export function estimateSize(value: unknown): number | undefined {
  try {
    return Math.round(AROUND + sizeOf(value, MOST_PARTS));
  } catch {
    return undefined;
  }
}

/** @param share - how many parts may be looked at. */
function sizeOf(value: unknown, share: number): number {
  switch (typeof value) {
    case 'string':
      return Buffer.byteLength(value) + 2;
    case 'number':
      return String(value).length;
    case 'bigint':
      return 1.2 * value.toString(16).length; // A decimal form takes long to make.
    case 'object':
      return value === null ? 4 : sizeOfObject(value, share - 1);
    default:
      return 5;
  }
}

function sizeOfObject(object: object, share: number): number {
  if (object instanceof Date) return 30;
  if (object instanceof ArrayBuffer || ArrayBuffer.isView(object)) return 20 + (4 * object.byteLength) / 3; // In base64.
  if (Array.isArray(object)) return 2 + sizeOfElements(object, share);
  if (object instanceof Set) return 8 + sizeOfFirst(object.keys(), object.size, share, (part, own) => 3 + sizeOf(part, own));
  if (object instanceof Map) {
    return 8 + sizeOfFirst(object.entries(), object.size, share, ([key, part], own) => 6 + sizeOf(key, own) + sizeOf(part, own));
  }
  if (share < 1) return 4 * PART;
  const names = Object.keys(object);
  const own = share / Math.max(1, names.length);
  const sizeOfField = (name: string): number => name.length + 4 + sizeOf((object as Record<string, unknown>)[name], own);
  return 1 + sizeOfFirst(names.values(), names.length, share ** 2, sizeOfField); // All of them, if they are not very many.
}

/** Of a list: elements from everywhere. */
function sizeOfElements(list: readonly unknown[], share: number): number {
  const seen = numberSeen(list.length, share);
  if (seen === 0) return list.length * PART;
  let bytes = 0;
  for (let i = 0; i < seen; i += 1) bytes += 1 + sizeOf(list[Math.floor((i * list.length) / seen)], share / seen);
  return (bytes * list.length) / seen;
}

function sizeOfFirst<T>(parts: Iterator<T>, count: number, share: number, size: (part: T, share: number) => number): number {
  const seen = numberSeen(count, share);
  if (seen === 0) return count * PART;
  let bytes = 0;
  for (let i = 0; i < seen; i += 1) bytes += size((parts.next() as IteratorYieldResult<T>).value, share / seen);
  return (bytes * count) / seen;
}

/** Few parts, so that enough of the share is left to look into each. */
const numberSeen = (count: number, share: number): number => (share < 1 ? 0 : Math.min(count, Math.floor(Math.sqrt(share))));
