import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { ValueCodec } from '../../../lib/cache/value/codec.js';
import { ended, MAXIMUM_TAGS, stamped, type StoredEntry } from '../../../lib/cache/value/envelope.js';
import { deepFreeze } from '../../../lib/cache/value/deep-freeze.js';
import { CacheValueError } from '../../../lib/errors/index.js';
import { MAXIMUM_DURATION_MS } from '../../../lib/time/index.js';
import { bestTimeMs } from '../../support/best-time.js';
import { Random } from '../../support/random.js';
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
    let [read, refused, tagged] = [0, 0, 0];
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
        const written = ({ value, life, stale = 0, end, version, tagged }: StoredEntry): string => {
          const ofValue = life === undefined ? undefined : { ttlMs: life - stale, staleMs: stale };
          const untagged = codec.encode(value, { life: ofValue, tags: tagged?.tags, version });
          const raw = tagged === undefined ? untagged : stamped(untagged, tagged.since);
          return end === undefined ? raw : ended(raw, end);
        };
        deepFreeze(entry.value);
        const again = written(entry);
        const back = codec.decode(again);
        // Node holds two invalid dates for different; written again they are the same.
        const isSame = isDeepStrictEqual(back.value, entry.value) || again.includes('["Date",""]');
        const lives = [entry.life, entry.end] as const;
        expect(isSame && back.life === lives[0] && back.end === lives[1] && written(back) === again, 'deep-equal').to.equal(true);
        const { tags, since } = entry.tagged ?? { tags: [], since: 0 };
        expect(back.tagged?.tags, 'the same tags').to.deep.equal(entry.tagged?.tags);
        expect(back.tagged?.since === entry.tagged?.since, 'the same number').to.equal(true);
        const areTags = tags.length <= MAXIMUM_TAGS && tags.every((tag) => typeof tag === 'string');
        expect(areTags && Number.isSafeInteger(since) && since >= 0, 'tags').to.equal(true);
        tagged += entry.tagged === undefined ? 0 : 1;
        const isLife = lives[0] === undefined || (lives[0] > 0 && lives[0] <= MAXIMUM_DURATION_MS);
        expect(isLife && (lives[1] === undefined || (lives[0] !== undefined && lives[1] > 0)), 'a life').to.equal(true);
      } catch (error) {
        throw new Error(`Entry ${i}: ${raw}`, { cause: error });
      }
    }
    expect(read).to.be.greaterThan(COUNT / 20);
    expect(tagged).to.be.greaterThan(COUNT / 200);
    expect(refused).to.be.greaterThan(COUNT / 4);
  });
});
