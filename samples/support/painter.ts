/** The few colours of the samples. */
const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const;

export type Colour = keyof typeof CODES;

/** Colours a text, or leaves it as it is. */
export type Painter = (colour: Colour, text: string) => string;

/** Colours are for people: on a terminal, unless `NO_COLOR` is set (see https://no-color.org). */
export function painterFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Painter {
  if (stream.isTTY !== true || (env['NO_COLOR'] ?? '') !== '') return (_colour, text) => text;
  return (colour, text) => `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m`;
}
