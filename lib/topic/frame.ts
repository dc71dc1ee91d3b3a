/**
 * What all messages of one kind have in common. Anything else on their topic is refused before it is parsed.
 */
export interface Frame {
  /** How each message begins, as its sender writes it: `{"v":1,"kind":`. */
  readonly head: string;
  /** The most characters of one message. */
  readonly maximumLength: number;
}

/**
 * No message of ours is nested deeper. Nested brackets cost the parser far more than the length of the text.
 */
const MAXIMUM_DEPTH = 8;

/**
 * The fields of the JSON object in `body`, or the reason why it is no message: one of a few fixed
 * texts, whatever arrives. Never throws, because anybody may publish anything on a topic. The caller
 * judges what the fields hold.
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

/** Whether brackets are nested deeper than {@link MAXIMUM_DEPTH}. Looks at each character once. */
function isDeep(body: string): boolean {
  let depth = 0;
  let isText = false;
  for (let i = 0; i < body.length; i += 1) {
    const character = body.charCodeAt(i);
    if (character === QUOTE) isText = !isText;
    else if (isText)
      i += Number(character === BACKSLASH); // An escaped quote does not end the text.
    else if (character === BRACE || character === BRACKET) {
      depth += 1;
      if (depth > MAXIMUM_DEPTH) return true;
    } else if (character === CLOSING_BRACE || character === CLOSING_BRACKET) depth -= 1;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACE, BRACKET, CLOSING_BRACE, CLOSING_BRACKET] = [0x22, 0x5c, 0x7b, 0x5b, 0x7d, 0x5d] as const;
