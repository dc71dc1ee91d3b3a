import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { type StoredEntry, ValueCodec } from '../../lib/cache/codec.js';
import { deepFreeze } from '../../lib/cache/deep-freeze.js';
import { CacheValueError } from '../../lib/errors/index.js';
import { bestTimeMs } from '../support/best-time.js';
import { Random } from '../support/random.js';
import { Author, foundEntries } from './foreign-entries.js';

const COUNT = 100_000;
const LONGEST_MS = 5;

const codecs = [new ValueCodec({ type: Author }), new ValueCodec()] as const;

function decoded(codec: ValueCodec, raw: string): StoredEntry | undefined {
  try {
    return codec.decode(raw);
  } catch (error) {
    if (error instanceof CacheValueError && error.code === 'CACHE_VALUE_CORRUPT') return undefined;
    throw error;
  }
}

describe(`${ValueCodec.name}, against ${COUNT} entries that are damaged or made up`, function () {
  this.timeout(300_000);

  it('reads or refuses each, quickly; and what it reads, it would write', () => {
    let [read, refused] = [0, 0];
    let i = 0;
    for (const raw of foundEntries(new Random(1), COUNT)) {
      const codec = codecs[(i += 1) % 2 === 0 ? 0 : 1];
      try {
        const begun = performance.now();
        const entry = decoded(codec, raw);
        if (performance.now() - begun > LONGEST_MS) expect(bestTimeMs(() => decoded(codec, raw))).to.be.at.most(LONGEST_MS);
        if (entry === undefined) {
          refused += 1;
          continue;
        }
        read += 1;
        const again = codec.encode(deepFreeze(entry.value), entry.expires);
        const back = codec.decode(again);
        // Node holds two invalid dates for different; written again they are the same.
        const isSame = isDeepStrictEqual(back.value, entry.value) || again.includes('["Date",""]');
        expect(isSame && back.expires === entry.expires && codec.encode(back.value, back.expires) === again, 'deep-equal').to.equal(true);
      } catch (error) {
        throw new Error(`Entry ${i}: ${raw}`, { cause: error });
      }
    }
    expect(read).to.be.greaterThan(COUNT / 20);
    expect(refused).to.be.greaterThan(COUNT / 4);
  });
});
