import { Random } from './random.js';

/** The cases most mistakes are made with: in place of a value, a number, a text. */
const ODDITIES = [
  'null', 'true', '""', '[]', '{}', '0', '-0', '-1', '0.5', '1e300', '-1e300', '1e999', '9007199254740992', '8640000000000001', '"\\u0000"',
  '"\\ud800"', '"\\u202e"', '"__proto__"', '{"__proto__":null}', '{"__proto__":{"length":1e9}}', '{"toString":1}', '{"length":4294967295}',
  '"malformed"', '{"malformed":"x"}', '[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]', '"x"', '[[]]', '\\', '\u2028', '\u0000', '\ud800', '//', 'NaN', 'undefined',
]; // prettier-ignore

/** What of a text can be taken out or replaced as a whole, so that JSON stays JSON most of the time. */
const PART = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|\{\}|\[\]/g;

/**
 * Texts that are nearly right: each is one of `seeds` with one to four changes. The same for the same `seed`.
 *
 * @param maximumLength - of each; longer ones are cut.
 */
export function* nearlyRight(seeds: readonly string[], count: number, seed: number, maximumLength = 1_024): Generator<string> {
  const random = new Random(seed);
  for (let i = 0; i < count; i += 1) {
    let text = random.pick(seeds);
    for (let changes = 1 + random.below(4); changes > 0; changes -= 1) text = change(text, seeds, random);
    yield text.slice(0, maximumLength);
  }
}

function change(text: string, seeds: readonly string[], random: Random): string {
  const at = random.below(text.length + 1);
  const end = at + random.below(Math.max(1, text.length - at));
  switch (random.below(8)) {
    case 0: // Cut short.
      return text.slice(0, at);
    case 1: // Without a piece.
      return text.slice(0, at) + text.slice(end);
    case 2: // A piece twice.
      return text.slice(0, end) + text.slice(at);
    case 3: // Another character.
      return text.slice(0, at) + String.fromCharCode(random.below(random.pick([128, 256, 65_536]))) + text.slice(at + 1);
    case 4: // The head of one, the rest of another.
      return text.slice(0, at) + random.pick(seeds).slice(at);
    case 5: // Much of one character.
      return (
        text.slice(0, at) + random.pick(['[', '{"a":', '"', '\\', '9', ' ', ',', '-', '{}', 'e']).repeat(random.below(600)) + text.slice(at)
      );
    default: {
      // Something odd in place of a value or a name, where the rest can still be read.
      const parts = [...text.matchAll(PART)];
      if (parts.length === 0) return text;
      const { index, 0: part } = random.pick(parts);
      return text.slice(0, index) + random.pick(ODDITIES) + text.slice(index + part.length);
    }
  }
}

/** An input on which `work` takes longer than `mostMs` again and again, or `undefined`. A busy machine delays a run or two, never all. */
export function slowest(inputs: Iterable<string>, work: (input: string) => void, mostMs: number, runs = 20): string | undefined {
  const timeOf = (input: string): number => {
    const began = performance.now();
    work(input);
    return performance.now() - began;
  };
  for (const input of inputs) {
    if (timeOf(input) <= mostMs) continue;
    if (Array.from({ length: runs }, () => timeOf(input)).every((ms) => ms > mostMs)) return input;
  }
  return undefined;
}
