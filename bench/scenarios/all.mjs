// What is measured: contestants, rounds, and how the outcome is shown. The first contestant of a scenario is its baseline.
const OURS = 'inversify-cache';
const raw = { label: 'hand-written', make: 'raw' };
const ours = (options = {}, label = OURS) => ({ label, make: 'ours', options });

const hitters = (isTwo) => [
  { label: 'hand-written, async Map method', make: 'handWritten', options: { isTwo } },
  { label: 'hand-written with a time to live', make: 'handWrittenWithTtl', options: { isTwo } },
  ours({ isTwo }),
  ...[
    ['lru-cache', 'lruCache'],
    ['layered-loader', 'layeredLoader'],
    ['layered-loader, getInMemoryOnly first', 'layeredLoaderSync'],
    ['keyv', 'keyv'],
    ['async-cache-dedupe', 'asyncCacheDedupe'],
    ['cache-manager', 'cacheManager'],
    ['cacheable', 'cacheable'],
    ['bentocache', 'bentocache'],
    ['@type-cacheable/core on lru-cache', 'typeCacheable'],
  ].map(([label, make]) => ({ label, make, options: { isTwo } })),
];

const readers = (options) => [
  { label: 'node-redis GET + JSON.parse', make: 'rawNodeRedis', options },
  ours(options),
  { label: 'our Keyv alone', make: 'keyvAlone', options },
  ...[
    ['keyv', 'keyv'],
    ['layered-loader (ioredis)', 'layeredLoader'],
    ['async-cache-dedupe (ioredis)', 'asyncCacheDedupe'],
    ['bentocache (ioredis)', 'bentocache'],
    ['cache-manager', 'cacheManager'],
    ['cacheable', 'cacheable'],
  ].map(([label, make]) => ({ label, make, options })),
];

/** What the columns of a table are called, and how their numbers are written. */
const NS = { ns: (ns) => `${ns.toFixed(ns < 10 ? 1 : 0)} ns` };
const MS = (ms) => `${(ms * 1_000).toFixed(0)} µs`;
const LATENCY = { p50: MS, p99: MS, perSecond: (count) => `${Math.round(count).toLocaleString('en')} /s` };

export const scenarios = [
  {
    name: 'local-hit',
    title: 'Local hit, awaited, one string argument',
    note: 'Ours: a decorated method of an inversify service with Redis behind; time to live and read lease checked by the clock at each hit, statistics on. lru-cache reads its clock once per millisecond.',
    file: 'local-hit.mjs',
    contestants: hitters(false),
    n: 100_000,
    rounds: 21,
    columns: NS,
    plot: 'ns',
  },
  {
    name: 'local-hit-20',
    title: 'Local hit, 20 different decorated methods in turn',
    note: 'The baseline is one hand-written method.',
    file: 'local-hit.mjs',
    contestants: [hitters(false)[0], ours({ methods: 20 })],
    n: 100_000,
    rounds: 21,
    columns: NS,
  },
  {
    name: 'local-hit-two',
    title: 'Local hit, awaited, two arguments (string and number)',
    note: 'Hand-written, and where a peer takes strings only, the key is `${name}:${edition}`.',
    file: 'local-hit.mjs',
    contestants: hitters(true),
    n: 50_000,
    rounds: 15,
    columns: NS,
    plot: 'ns',
  },
  ...[500, 20_000].flatMap((bytes) =>
    [1, 64].map((concurrency) => ({
      name: `remote-hit-${bytes}-${concurrency}`,
      title: `Remote hit, ${bytes / 1_000} KB, concurrency ${concurrency}`,
      note: 'Ours: a decorated method, `tiers: remote`, reads through Keyv with a deadline each.',
      file: 'remote-hit.mjs',
      contestants: readers({ bytes, concurrency }),
      n: bytes > 1_000 ? 1_000 : 5_000,
      rounds: 9,
      columns: LATENCY,
      plot: concurrency === 1 ? 'p50' : 'perSecond',
    })),
  ),
  {
    name: 'miss',
    title: 'Miss, load, fill of both tiers',
    note: 'The baseline is two round trips: SET NX of a lease, and a script that stores the value if the lease still stands. The peers take no lease.',
    file: 'miss.mjs',
    contestants: [
      raw,
      ours(),
      { label: 'layered-loader', make: 'layeredLoader' },
      { label: 'bentocache', make: 'bentocache' },
      { label: 'cacheable', make: 'cacheable' },
    ],
    n: 2_000,
    rounds: 9,
    columns: LATENCY,
    plot: 'p50',
  },
  {
    name: 'eviction',
    title: 'Eviction of one key',
    note: 'The baseline is UNLINK, then PUBLISH, both awaited, in a process that listens to the channel, as ours and the peers do.',
    file: 'eviction.mjs',
    contestants: [
      raw,
      ours(),
      { label: 'our script alone', make: 'script' },
      { label: 'layered-loader', make: 'layeredLoader' },
      { label: 'bentocache', make: 'bentocache' },
    ],
    n: 2_000,
    rounds: 11,
    columns: LATENCY,
    plot: 'p50',
  },
  {
    name: 'eviction-1000',
    title: 'Eviction of 1000 keys in one call',
    note: 'The baseline is our own eviction of one key.',
    file: 'eviction.mjs',
    contestants: [
      ours({}, 'inversify-cache, 1 key'),
      ours({ size: 100 }, 'inversify-cache, 100 keys'),
      ours({ size: 1_000 }, 'inversify-cache, 1000 keys'),
    ],
    n: 200,
    rounds: 9,
    columns: LATENCY,
  },
  {
    name: 'eviction-together',
    title: '50 evictions asked for in one tick',
    file: 'eviction.mjs',
    note: 'Time until all 50 are acknowledged.',
    contestants: [
      { label: 'hand-written', make: 'rawTogether', options: { together: 50 } },
      { label: OURS, make: 'oursTogether', options: { together: 50 } },
    ],
    n: 200,
    rounds: 9,
    columns: LATENCY,
  },
  ...[1, 4, 16].map((count) => ({
    name: `propagation-${count}`,
    title: `From the call of an eviction until the last of ${count} other container${count === 1 ? '' : 's'} has applied it`,
    note: 'The baseline is a PUBLISH until the last of as many ioredis subscribers was called. All in one process.',
    file: 'propagation.mjs',
    contestants: [{ ...raw, options: { count } }, ours({ count }), { label: 'our script alone', make: 'script', options: { count } }],
    n: 500,
    rounds: 9,
    columns: { p50: MS, p99: MS },
  })),
  {
    name: 'uncached',
    title: 'Decorated, not cached: the call alone',
    note: 'Not awaited. The baseline is inlined by the compiler to next to nothing: look at the differences.',
    file: 'uncached.mjs',
    contestants: [
      { label: 'the method itself', make: 'direct' },
      { label: 'object made with plain `new`', make: 'plainNew' },
      { label: '`condition` is false', make: 'conditionFalse' },
    ],
    n: 2_000_000,
    rounds: 11,
    columns: NS,
  },
  {
    name: 'heap',
    title: 'Heap per entry of the local tier, 100 000 entries',
    note: 'Strings of keys, and values, not counted. The promise of an entry is kept from its first hit on.',
    file: 'heap.mjs',
    contestants: [
      { label: 'lru-cache with ttl', make: 'lruCache' },
      { label: 'Map of { value, endsAt }', make: 'map' },
      ours({}, 'inversify-cache'),
      ours({ isRead: true }, 'inversify-cache, every entry hit since'),
    ],
    n: 1,
    rounds: 5,
    columns: { bytes: (bytes) => `${bytes.toFixed(0)} bytes` },
  },
];
