/** What every message of one kind has in common: whatever else is published on its topic is refused before it is parsed. */
export interface Frame {
  /** What the text of each begins with, as its sender writes it: `{"v":1,"kind":`. */
  readonly head: string;
  /** The most characters of one. */
  readonly maximumLength: number;
}

/** No message of ours is as deep. Brackets within brackets cost the parser far more than their length. */
const MAXIMUM_DEPTH = 8;

/**
 * The fields of the JSON object in `body`, or a reason why it is no message: one of a few fixed texts, whatever arrives. Never throws:
 * anybody may publish anything on a topic. What the fields hold is for the caller to judge.
 */
export function parseFrame(
  body: string,
  { head, maximumLength }: Frame,
): { readonly fields: Readonly<Record<string, unknown>> } | { readonly malformed: string } {
  if (body.length > maximumLength) return { malformed: 'too long' };
  if (!body.startsWith(head)) return { malformed: 'unknown head' };
  if (isDeep(body)) return { malformed: 'too deep' };
  try {
    // The head opens an object, so this is one.
    return { fields: JSON.parse(body) as Record<string, unknown> };
  } catch {
    return { malformed: 'not JSON' };
  }
}

/** Whether brackets lie deeper within each other than {@link MAXIMUM_DEPTH}. One look at each character. */
function isDeep(body: string): boolean {
  let depth = 0;
  let isText = false;
  for (let i = 0; i < body.length; i += 1) {
    const character = body.charCodeAt(i);
    if (character === QUOTE) isText = !isText;
    else if (isText)
      i += Number(character === BACKSLASH); // The character behind it ends no text.
    else if (character === BRACE || character === BRACKET) {
      depth += 1;
      if (depth > MAXIMUM_DEPTH) return true;
    } else if (character === CLOSING_BRACE || character === CLOSING_BRACKET) depth -= 1;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACE, BRACKET, CLOSING_BRACE, CLOSING_BRACKET] = [0x22, 0x5c, 0x7b, 0x5b, 0x7d, 0x5d] as const;
