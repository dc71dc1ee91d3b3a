// A process of receivers, of `handlers` or of `containers`: whenever all of them have handled a message, it tells its parent when the last one had.
const [kind, text] = process.argv.slice(2);
const { redis, count, channel, namespace } = JSON.parse(text);

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

process.on('disconnect', () => process.exit());
await { handlers, containers }[kind]();
process.send('ready');
