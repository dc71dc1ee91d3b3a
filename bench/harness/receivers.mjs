// A process of receivers, of `handlers`, of `containers` or of one that holds `tagged` entries: whenever all of them have handled a message, it tells its parent when the last one had.
const [kind, text] = process.argv.slice(2);
const { redis, count, channel, namespace, held } = JSON.parse(text);

let missing = count;
const handled = () => {
  const at = Number(process.hrtime.bigint()) / 1e6;
  if ((missing -= 1) > 0) return;
  missing = count;
  process.send(at);
};

/** Of ioredis subscribers. */
async function handlers() {
  const { Redis } = await import('ioredis');
  for (let i = 0; i < count; i += 1) {
    const subscriber = new Redis(redis);
    subscriber.on('message', handled);
    await subscriber.subscribe(channel);
  }
}

/** Of caches: that it was applied is seen by the event that follows. */
async function containers() {
  const { library, PATIENT, serviceClass, served } = await import('./library.mjs');
  const Service = serviceClass({ find: [async (name) => name, library.Cacheable('book')] });
  for (let i = 0; i < count; i += 1) {
    const { container } = await served(Service, { redis, namespace, ...PATIENT, caches: { book: {} } });
    container.get(library.CacheEvents).on('evicted', handled);
  }
}

/** Of one cache that holds `held` entries with the tag `author 0`: told when an eviction of it was applied, and again when it holds as many anew. */
async function tagged() {
  const { library, PATIENT, serviceClass, served } = await import('./library.mjs');
  const caches = { book: { tags: true, maximumSize: 20_000, ttl: '1h' } };
  const { container, manager } = await served(serviceClass({}), { redis, namespace, ...PATIENT, caches });
  const cache = manager.getCache('book');
  const entries = Array.from({ length: held }, (_, i) => [`The Book of Sand ${i}`, i]);
  const fill = async () => {
    if (held > 0) await cache.putAll(entries, { tags: ['author 0'] });
    await Promise.all(entries.map(([name]) => cache.getOrLoad(name, () => NaN))); // A read keeps them in the process.
    const { localSize } = manager.statistics().book;
    if (localSize !== held) throw new Error(`It holds ${localSize} entries, not ${held}.`);
  };
  container.get(library.CacheEvents).on('tagsEvicted', () => {
    process.send(Number(process.hrtime.bigint()) / 1e6);
    const { localSize } = manager.statistics().book;
    if (localSize > 0) throw new Error(`It still holds ${localSize} entries.`);
    void fill().then(() => process.send('held'));
  });
  await fill();
}

process.on('disconnect', () => process.exit());
await { handlers, containers, tagged }[kind]();
process.send('ready');
