import { MAXIMUM_VALUE_DEPTH } from '../../../lib/cache/value/rich-value.js';
import { ValueCodec } from '../../../lib/cache/value/codec.js';
import { ended, stamped } from '../../../lib/cache/value/envelope.js';
import type { Random } from '../../support/random.js';

/** A class that the codecs of these specs know. */
export class Author {
  constructor(
    readonly name: string,
    readonly more?: unknown,
  ) {}
}

const nest = (open: string, close: string, levels: number): string => open.repeat(levels) + close.repeat(levels);
const rich = (...slots: unknown[]): string => JSON.stringify({ devalue: slots });
const chain = (levels: number, last: unknown): string => rich(...Array.from({ length: levels }, (_, i) => [i + 1]), last);

/** Entries that no `encode` can have written, by what is wrong with them. All are JSON. */
export const FOREIGN_ENTRIES: Readonly<Record<string, string>> = {
  'a Buffer of a length': '{"devalue":[["Buffer",1],[2],{"length":3},300000000]}',
  'a Buffer of a number': rich(['Buffer', 1], [2], 300_000_000),
  'a Buffer of an array': rich(['Buffer', 1], [2], [3], 300_000_000),
  'a Buffer of itself': rich(['Buffer', 0]),
  'a Buffer of text that is no base64': rich(['Buffer', 1], [2], 'a*==*'),
  'a Buffer of base64 with bits to spare': rich(['Buffer', 1], [2], 'QR=='),
  'a Buffer with its text beside': rich(['Buffer', 'aGk=']),
  'a bigint of 10^5 digits': rich(['BigInt', '9'.repeat(100_000)]),
  'a bigint one digit too long': rich(['BigInt', `-1${'0'.repeat(10_000)}`]),
  'a bigint in hexadecimal': rich(['BigInt', '0xff']),
  'a bigint of nothing': rich(['BigInt', '']),
  'a bigint of zeros': rich(['BigInt', '00']),
  'a bigint of a number': rich(['BigInt', 5]),
  'a boxed string': rich(['Object', 1], 'x'),
  'a boxed number': rich(['Object', -3]),
  'a boxed bigint': rich(['Object', 1], ['BigInt', '1']),
  URLSearchParams: rich(['URLSearchParams', 'a=1']),
  'a time zone': rich(['Temporal.Instant', '2020-01-01T00:00:00Z']),
  'a URL written otherwise': rich(['URL', 'HTTPS://example.org']),
  'a Date written otherwise': rich(['Date', '2020']),
  'a Date of no time': rich(['Date', 'never']),
  'a Date with more': rich(['Date', '2020-01-01T00:00:00.000Z', 1]),
  'a RegExp of Unicode properties': rich(['RegExp', String.raw`\p{RGI_Emoji}`.repeat(60), 'v']),
  'a RegExp of Unicode letters': rich(['RegExp', String.raw`\P{L}`.repeat(150), 'iu']),
  'a RegExp of sets': rich(['RegExp', String.raw`[\W]`.repeat(200), 'iv']),
  'a RegExp written otherwise': rich(['RegExp', '/']),
  'a RegExp with flags out of order': rich(['RegExp', 'a', 'ig']),
  'a RegExp with no flags': rich(['RegExp', 'a', '']),
  'a view of too few bytes': rich(['Float64Array', 1], ['ArrayBuffer', 'AAAA']),
  'a view of a part': rich(['Uint8Array', 1, 0, 1], ['ArrayBuffer', 'AAAA']),
  'a view of a number': rich(['Uint8Array', 1], 300_000_000),
  'a view of a view': rich(['Uint8Array', 1], ['Uint8Array', 2], ['ArrayBuffer', 'AAAA']),
  'memory of a number': rich(['ArrayBuffer', 300_000_000]),
  'an unknown class': rich(['Function', 'return 1']),
  'an instance of no fields': rich(['type', 1], 5),
  'an instance of an array': rich(['type', 1], []),
  'an instance of an instance': rich(['type', 1], ['type', 2], {}),
  'an instance of itself': rich(['type', 0]),
  'an array longer than any': rich([-7, 2 ** 32]),
  'an array of a negative length': rich([-7, -1]),
  'an array of a length that is a text': rich([-7, '5']),
  'an array with an element beyond its end': rich([-7, 100, 100, 1], 1),
  'an array with elements out of order': rich([-7, 100, 50, 1, 10, 1], 1),
  'an array with a property': rich([-7, 100, '__proto__', 1], {}),
  'an own __proto__, as devalue': '{"devalue":[{"__proto__":1},{"a":2},1]}',
  'an own __proto__ without prototype': rich(['null', '__proto__', 1], {}),
  'a name met twice': rich(['null', 'a', 1, 'a', 1], 1),
  'a name without a part': rich(['null', 'a']),
  'a Map without its last value': rich(['Map', 1], 1),
  'a Map with a key met twice': rich(['Map', 1, 1, 1, 1], 'a'),
  'a Set with a member met twice': rich(['Set', 1, 1], 'a'),
  'a part that is not there': rich([1]),
  'a part with a fraction': rich([0.5], 1),
  'a part by name': rich({ a: 'length' }),
  'a part that is not numbered': rich(['1'], 1),
  'a hole that is no element': rich({ a: -2 }),
  'parts out of order': rich([2, 1], 'a', 'b'),
  'parts that nothing leads to': rich([1], 'a', 'b'),
  'no parts': rich(),
  'a hole': '{"devalue":-2}',
  'a number': '{"devalue":0}',
  'nesting of 5000 as devalue': chain(5_000, ['Date', '']),
  'one level too many as devalue': chain(MAXIMUM_VALUE_DEPTH + 1, []),
  'Buffers in Buffers': rich(...Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? ['Buffer', i + 1] : [i + 1])), 'aGk='),
  'nesting of 5000': `{"value":${nest('[', ']', 5_000)}}`,
  'nesting of 5000 in the fields of an instance': `{"typed":"value","value":{"a":${nest('[', ']', 5_000)}}}`,
  'one level too many': `{"value":${nest('[', ']', MAXIMUM_VALUE_DEPTH + 2)}}`,
  'objects nested one level too many': `{"value":${'{"":'.repeat(MAXIMUM_VALUE_DEPTH + 1)}{}${'}'.repeat(MAXIMUM_VALUE_DEPTH + 1)}}`,
  'an own __proto__': '{"value":{"a":[{"__proto__":{"isAdmin":true}}]}}',
  'an own __proto__ that is a number': '{"value":{"__proto__":1}}',
  'an own __proto__ of an instance': '{"typed":"value","value":{"__proto__":{}}}',
  'an own __proto__ with an escape': String.raw`{"value":{"\u005f_proto__":{}}}`,
  'an own __proto__ of nothing but escapes': String.raw`{"value":{"\u005F\u005f\u0070\u0072\u006f\u0074\u006F\u005f\u005f":{}}}`,
  'an own __proto__ with an escape at its end': String.raw`{"value":{"__prot\u006f__":{}}}`,
  'a value and devalue': '{"value":1,"devalue":[1]}',
  'a class that is none': '{"typed":"pile","value":{}}',
  'a class that is null': '{"typed":null,"value":{}}',
  'a class beside devalue': '{"typed":"value","devalue":[{}]}',
  'an array for an instance': '{"typed":"value","value":[]}',
  'an array among instances': '{"typed":"elements","value":[[]]}',
  'no instances': '{"typed":"elements","value":[]}',
  "an end of Keyv's": '{"value":1,"expires":9999999999999}',
  'a life that is no number': '{"value":1,"life":"1000"}',
  'a life that is null': '{"value":1,"life":null}',
  'a life of nothing': '{"value":1,"life":0,"end":1700000000000}',
  'a life below nothing': '{"value":1,"life":-1000,"end":1700000000000}',
  'a life with a fraction': '{"value":1,"life":0.5,"end":1700000000000}',
  'a life without end': '{"value":1,"life":1e999,"end":1700000000000}',
  'a life beyond ten years': '{"value":1,"life":315360000001,"end":1700000000000}',
  'an end that is no number': '{"value":1,"life":1000,"end":"9999999999999"}',
  'an end that is null': '{"value":1,"life":1000,"end":null}',
  'an end that never comes': '{"value":1,"life":1000,"end":1e999}',
  'an end before there was time': '{"value":1,"life":1000,"end":-1}',
  'an end beyond what is counted': '{"value":1,"life":1000,"end":9007199254740992}',
  'an end with a fraction': '{"value":1,"life":1000,"end":1700000000000.5}',
  'an end without a life': '{"value":1,"end":1700000000000}',
  'tags without a value': '{"tags":["a"],"since":5}',
  'tags beside a bare value': '{"value":1,"tags":["a"],"since":5}',
  'tags beside a bare value of devalue': '{"devalue":[1],"tags":["a"],"since":5}',
  'tags without a number': '{"entry":{"value":1},"tags":["a"]}',
  'a number without tags': '{"entry":{"value":1},"since":5}',
  'an entry without tags': '{"entry":{"value":1}}',
  'an entry that is none': '{"entry":5,"tags":["a"],"since":5}',
  'an entry that is null': '{"entry":null,"tags":["a"],"since":5}',
  'an entry that is an array': '{"entry":[1],"tags":["a"],"since":5}',
  'an entry in an entry': '{"entry":{"entry":{"value":1}},"tags":["a"],"since":5}',
  'an entry without value': '{"entry":{},"tags":["a"],"since":5}',
  'an entry with more': '{"entry":{"value":1,"more":1},"tags":["a"],"since":5}',
  'a life inside an entry': '{"entry":{"value":1,"life":5},"tags":["a"],"since":5}',
  'more beside an entry': '{"entry":{"value":1},"tags":["a"],"since":5,"more":1}',
  'a value beside an entry': '{"entry":{"value":1},"value":2,"tags":["a"],"since":5}',
  'a type beside an entry': '{"entry":{"value":{}},"typed":"value","tags":["a"],"since":5}',
  'an own __proto__ in an entry': '{"entry":{"value":{"__proto__":1}},"tags":["a"],"since":5}',
  'an own __proto__ beside an entry': '{"entry":{"value":1},"tags":["a"],"since":5,"__proto__":{}}',
  'tags that are a text': '{"entry":{"value":1},"tags":"a","since":5}',
  'tags that are an object': '{"entry":{"value":1},"tags":{"length":0},"since":5}',
  'tags that are null': '{"entry":{"value":1},"tags":null,"since":5}',
  'a tag that is a number': '{"entry":{"value":1},"tags":["a",5],"since":5}',
  'a tag that is a list': '{"entry":{"value":1},"tags":[["a"]],"since":5}',
  '33 tags': `{"entry":{"value":1},"tags":[${'"a",'.repeat(32)}"a"],"since":5}`,
  'a number that is a text': '{"entry":{"value":1},"tags":["a"],"since":"5"}',
  'a number that is null': '{"entry":{"value":1},"tags":["a"],"since":null}',
  'a number below nothing': '{"entry":{"value":1},"tags":["a"],"since":-1}',
  'a number with a fraction': '{"entry":{"value":1},"tags":["a"],"since":0.5}',
  'a number beyond what is counted': '{"entry":{"value":1},"tags":["a"],"since":9007199254740992}',
  'a number without end': '{"entry":{"value":1},"tags":["a"],"since":1e999}',
  'something beside the value': '{"value":1,"more":1}',
  'an own __proto__ beside the value': '{"value":1,"__proto__":{}}',
  'a value by inheritance': '{"__proto__":{"value":1}}',
};

const BYTES = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

/** Something that {@link ValueCodec.encode} takes, with everything in it now and then. */
function someValue(random: Random, depth = 0): unknown {
  const part = (): unknown => someValue(random, depth + 1);
  const parts = (): unknown[] => Array.from({ length: random.below(4) }, part);
  const leaves = [
    () => random.pick(['', 'Dune', ':x', 'a"<\\\u0001\u2028', '\ud83d', '__proto__', 'aGk=', 'type', 'é'.repeat(9)]),
    () => random.pick<unknown>([0, -0, 1, -7, 1.5, 2 ** 53, NaN, Infinity, -Infinity, true, false, null, undefined]),
    () => random.pick([0n, -1n, 10n ** 40n]),
    () => new Date(random.below(2 ** 41)),
    () => random.pick([/a\/b/giu, /(?:)/, /[/]\n/s]),
    () => new URL(`https://example.org/${random.below(9)}?q=ä#x`),
    () => Buffer.from(BYTES.subarray(0, random.below(9))),
    () => random.pick([BYTES.slice(), BYTES.subarray(1, 3), new Float64Array([1.5]), new BigInt64Array([-1n]), new DataView(BYTES.buffer.slice(0))]),
    () => BYTES.buffer.slice(0, random.below(9)),
  ]; // prettier-ignore
  const containers = [
    () => parts(),
    () => Object.fromEntries(parts().map((value, i) => [random.pick(['a', 'b', '1', 'then', 'constructor', `n${i}`]), value])),
    () => new Map(parts().map((value) => [part(), value])),
    () => new Set(parts()),
    () => Object.assign(Object.create(null), { z: part(), 1: part() }) as object,
    () => Object.assign([], { length: random.pick([3, 50, 4_000_000_000]), 1: part() }),
    () => new Author('Herbert', part()),
    () => Array.from({ length: 1 + random.below(3) }, () => new Author('Austen', random.below(3))),
    () => {
      const shared = [part()];
      return { shared, again: shared, inside: { shared } };
    },
    () => {
      const cycle: unknown[] = [part()];
      cycle.push(random.pick([cycle, { cycle }, new Author('Le Guin', cycle)]));
      return cycle;
    },
  ];
  return random.pick(depth > 3 || random.next() < 0.3 ? leaves : containers)();
}

const FRAGMENTS = [
  '[', ']', '{', '}', ',', ':', '"', '\\', '-', '.', 'e9', '0', '1', '2', '-1', '-2', '-3', '-6', '-7', '300000000', '4294967295', '1e999', 'null', 'true',
  '""', '"a"', '"__proto__"', '"\\u005f_proto__"', '"length"', '"toJSON"', '"then"', '"Buffer"', '"type"', '"Map"', '"Set"', '"null"', '"Date"', '"BigInt"',
  '"RegExp"', '"URL"', '"URLSearchParams"', '"Object"', '"ArrayBuffer"', '"Uint8Array"', '"Float64Array"', '"DataView"', '"Temporal.Instant"', '"value":',
  '"devalue":', '"typed":', '"elements"', '"entry":', '"tags":', '"since":', '"tags":["a"],"since":5,', '"life":', '"end":', '"expires":', '["BigInt","9"],', '["Buffer",1],[2],', '{"length":3},', '\\p{RGI_Emoji}', '\u0000', '\ufffd', 'é',
]; // prettier-ignore

/** `raw` with a few accidents. */
function mutated(random: Random, raw: string, other: string): string {
  let text = raw;
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + random.below(random.pick([2, 8, 40])));
    const from = random.below(other.length);
    switch (random.below(6)) {
      case 0:
        text = text.slice(0, at) + random.pick(FRAGMENTS) + text.slice(to);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 2:
        text = text.slice(0, to) + text.slice(at);
        break;
      case 3:
        text = text.slice(0, at) + other.slice(from, from + random.below(60)) + text.slice(to);
        break;
      default: {
        // A number in the place of another: what devalue's slots are named by.
        const numbers = [...text.matchAll(/-?\d+/g)];
        const hit = numbers.length === 0 ? undefined : random.pick(numbers);
        if (hit !== undefined) text = text.slice(0, hit.index) + random.pick(['0', '1', '2', '3', '4', '-1', '-7', '9e9', '0.5', '-0']) + text.slice(hit.index + hit[0].length);
      }
    }
  }
  return text;
} // prettier-ignore

/** Slots, more or less as devalue writes them. */
function garbage(random: Random): string {
  const count = 1 + random.below(12);
  const tags = FRAGMENTS.filter((fragment) => /^"[A-Z]?[A-Za-z0-9.]+"$/.test(fragment)).map((fragment) => JSON.parse(fragment) as string);
  const reference = (i: number): unknown => random.pick<unknown>([i + 1, i + 1, i + 1, i + 2, i, 0, random.below(count), -1, -2, -3, -7, 'x', null]);
  const text = (): string => random.pick(['', 'aGk=', '12', 'a', 'https://example.org/', '2020-01-01T00:00:00.000Z', '9'.repeat(300), '__proto__']);
  const slots = Array.from({ length: count }, (_, i): unknown => {
    const shapes: (() => unknown)[] = [
      text,
      () => random.below(5) - 1,
      () => [random.pick(tags), reference(i)],
      () => [random.pick(tags), text()],
      () => [random.pick(tags), text(), random.pick(['g', 'v', 1])],
      () => [random.pick(['Map', 'null']), reference(i), reference(i + 1), text(), reference(i)],
      () => [-7, random.pick<unknown>([3, 2 ** 32 - 1, 2 ** 32, -1, 9e7]), random.below(4), reference(i)],
      () => [reference(i), reference(i + 1)],
      () => ({ [random.pick(['a', 'length', 'byteLength', '__proto__x'])]: reference(i), b: reference(i + 1) }),
    ];
    return random.pick(shapes)();
  });
  return JSON.stringify({ devalue: random.next() < 0.02 ? reference(0) : slots }).replace('__proto__x', '__proto__');
} // prettier-ignore

/** Entries as they may be found: as they were written, damaged, and made up; none above a thousand characters. */
export function* foundEntries(random: Random, count: number): Generator<string> {
  const codec = new ValueCodec({ type: Author });
  const corpus = [...Object.values(FOREIGN_ENTRIES).filter(({ length }) => length <= 1_000)];
  for (let made = 0; made < count;) {
    if (corpus.length < 3_000) {
      const life = random.next() < 0.5 ? undefined : 1 + random.below(2 ** 38);
      const tags = random.next() < 0.3 ? Array.from({ length: random.below(4) }, () => random.pick(['a', 'b', '', '~1', 'é'])) : undefined;
      const staleMs = random.next() < 0.3 ? random.below(2 ** 20) : 0;
      const version = random.next() < 0.2 ? random.pick(['1', '2', 'a-b']) : undefined;
      const untagged = codec.encode(someValue(random), { life: life === undefined ? undefined : { ttlMs: life, staleMs }, tags, version });
      const encoded = tags === undefined ? untagged : stamped(untagged, random.below(2 ** 50));
      const raw = life === undefined || random.next() < 0.2 ? encoded : ended(encoded, 1 + random.below(2 ** 41));
      if (raw.length <= 1_000) corpus.push(raw);
    }
    const kind = random.next();
    const entry = kind < 0.05 ? corpus.at(-1)! : kind < 0.75 ? mutated(random, random.pick(corpus), random.pick(corpus)) : garbage(random);
    if (entry.length > 1_000) continue;
    made += 1;
    yield entry;
  }
}
