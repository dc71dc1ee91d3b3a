/** A part of a stream that belongs to one frame. */
export interface FramePiece {
  readonly bytes: Buffer;
  /** Whether the frame ends with it. */
  readonly isEnd: boolean;
}

const LINE_FEED = 10;

/**
 * The types of RESP 2 and 3, by their first byte: a line, a line with so many bytes behind it, or so many
 * elements.
 */
const LINES = '+-:_#,(';
const BULKS = '$=!';
const AGGREGATES = '*~>%|';

/**
 * Finds where one frame of RESP (a command, a reply, a push) ends and the next begins, however the packets
 * are cut. It keeps no bytes but the beginning of a line.
 *
 * A stream that is no RESP, such as TLS or the snapshot that a replica is sent, is noticed and not read any
 * further: see {@link isReadable}.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec
 */
export class RespFrames {
  /** `false`: this is no RESP, or has stopped to be. It stays so. */
  isReadable = true;
  /** How many elements of the frame are still to come. `0`: the next byte begins a frame. */
  #left = 0;
  /** How many bytes of a text are still to come, with its end. */
  #skipped = 0;
  /** The beginning of a line whose end is still to come. */
  #line = '';

  /** Cuts `chunk` where frames end. The last piece may be the beginning of a frame. */
  split(chunk: Buffer): readonly FramePiece[] {
    const pieces: FramePiece[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length && this.isReadable;) {
      at = this.#skipped > 0 ? this.#skip(chunk, at) : this.#readLine(chunk, at);
      if (this.#left > 0 || this.#skipped > 0 || this.#line !== '' || !this.isReadable) continue;
      pieces.push({ bytes: chunk.subarray(from, at), isEnd: true });
      from = at;
    }
    if (from < chunk.length) pieces.push({ bytes: chunk.subarray(from), isEnd: false });
    return pieces;
  }

  #skip(chunk: Buffer, at: number): number {
    const skipped = Math.min(this.#skipped, chunk.length - at);
    this.#skipped -= skipped;
    return at + skipped;
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LINE_FEED, at) + 1;
    const line = this.#line + chunk.toString('latin1', at, end === 0 ? chunk.length : end);
    this.isReadable = isType(line.charAt(0)) && (end === 0 || line.endsWith('\r\n'));
    this.#line = end === 0 ? line : '';
    if (end === 0 || !this.isReadable) return chunk.length;
    this.#begin(line.charAt(0), line.slice(1, -2));
    return end;
  }

  /** An element begins. One that has no others inside ends here, or with the bytes behind it. */
  #begin(type: string, rest: string): void {
    if (this.#left === 0) this.#left = 1;
    const count = Number(rest);
    if (!LINES.includes(type) && !Number.isInteger(count)) this.isReadable = false;
    else if (AGGREGATES.includes(type)) this.#left += elementsOf(type, Math.max(count, 0)) - 1;
    else {
      this.#left -= 1;
      if (BULKS.includes(type) && count >= 0) this.#skipped = count + 2;
    }
  }
}

const isType = (character: string): boolean => character !== '' && (LINES + BULKS + AGGREGATES).includes(character);

/**
 * A map has two for each entry, and so have attributes, which stand before the element that they belong to.
 */
const elementsOf = (type: string, count: number): number => (type === '|' ? 2 * count + 1 : type === '%' ? 2 * count : count);

/**
 * The first texts of a command or a push: `['SUBSCRIBE', 'books']`. Fewer if the frame, or what there is of
 * it, has fewer.
 */
export function firstTexts(frame: Buffer, count: number): readonly string[] {
  const texts: string[] = [];
  for (let at = frame.indexOf(LINE_FEED) + 1; texts.length < count && at < frame.length;) {
    const start = frame.indexOf(LINE_FEED, at) + 1;
    const length = Number(frame.toString('latin1', at + 1, start - 2));
    if (start === 0 || frame[at] !== BULKS.charCodeAt(0) || !(length >= 0) || start + length > frame.length) break;
    texts.push(frame.toString('utf8', start, start + length));
    at = start + length + 2;
  }
  return texts;
}
