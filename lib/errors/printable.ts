/**
 * Characters that could drive a terminal, turn the direction of writing, or hide: control characters (C0,
 * DEL, C1), invisible format characters (bidi, zero width, BOM), separators of lines and paragraphs,
 * halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The most characters that are shown of one text from outside: a key, a name, a reason. */
export const MAXIMUM_PRINTED_LENGTH = 200;

/** The most characters of a whole message or line: as many as the longest key has. */
export const MAXIMUM_LINE_LENGTH = 4_096;

/**
 * Text from outside, for logs, terminals and error messages: on one line, without characters that could drive
 * a terminal, and bounded.
 */
export function printable(text: string, maximumLength = MAXIMUM_PRINTED_LENGTH): string {
  if (text.length <= maximumLength) return escapeUnprintable(text);
  return `${escapeUnprintable(text.slice(0, maximumLength))}… (${text.length} characters)`;
}

/** Our own text of several lines, each made {@link printable}: a stack, or a message with a hint below. */
export const printableLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => printable(line, MAXIMUM_LINE_LENGTH))
    .join('\n');

/**
 * `value` as JSON on one line, made {@link printable}. Escaped characters are read back as they were, and
 * texts beyond `maximumLength` are shortened.
 */
export function printableJson(value: unknown, maximumLength = MAXIMUM_LINE_LENGTH): string {
  const shorten = (_name: string, part: unknown): unknown =>
    typeof part === 'string' && part.length > maximumLength ? `${part.slice(0, maximumLength)}… (${part.length} characters)` : part;
  return escapeUnprintable(JSON.stringify(value, shorten)); // Outside its texts JSON has nothing to escape.
}

/** In the spelling of JSON and JavaScript, which write a character beyond the first 65536 as two. */
const escapeUnprintable = (text: string): string =>
  text.replace(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
