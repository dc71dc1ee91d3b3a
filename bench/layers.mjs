// `node bench/layers.mjs [bytes] [concurrency]`: what each layer of a remote hit adds, all in one process and in turns.
import { names, latencies, value } from './harness/rounds.mjs';
import { inside, library, PATIENT, served, serviceClass } from './harness/library.mjs';
import { median } from './harness/numbers.mjs';
import { startRedis } from './harness/redis.mjs';

const ROUNDS = 25;
const CALLS = 5_000;
const [bytes = 500, concurrency = 64] = process.argv.slice(2).map(Number);
const [{ loadKeyvRedis }, { ValueCodec }, { CircuitBreaker }, { Keyv }] = await Promise.all([
  inside('cache/keyv-redis.js'),
  inside('cache/codec.js'),
  inside('cache/remote-guard.js'),
  import('keyv'),
]);

const redis = await startRedis();
const keys = names(512);
const pick = (i) => keys[(i * 7) % keys.length];
const never = () => {
  throw new Error('It was to be a hit.');
};
const Service = serviceClass({
  fill: [async (name) => value(bytes, name), library.CachePut('book')],
  find: [never, library.Cacheable('book')],
});
const { service, manager, close } = await served(Service, {
  redis: redis.url,
  namespace: 'layers',
  ...PATIENT,
  defaults: { ttl: '1h', tiers: 'remote' },
});
for (const key of keys) await service.fill(key);

const { createClient, storeOver } = await loadKeyvRedis();
const client = createClient({ url: redis.url });
await client.connect();
const [, generation] = (await client.get('layers:2:book:state')).split(':');
const namespace = `layers:2:book:${generation}`;
const codec = new ValueCodec();
const keyv = new Keyv({
  store: storeOver(client),
  namespace,
  useKeyPrefix: false,
  throwOnErrors: true,
  emitErrors: false,
  deserialize: (raw) => codec.decode(raw),
});
const guard = new CircuitBreaker('bench', 5_000, () => undefined);
guard.succeeded();
const cache = manager.getCache('book');

/** Each holds the one before it. */
const layers = {
  'GET and JSON.parse': async (i) => JSON.parse(await client.get(`${namespace}::${pick(i)}`)).value,
  'our codec': async (i) => codec.decode(await client.get(`${namespace}::${pick(i)}`)).value,
  Keyv: async (i) => (await keyv.get(pick(i), { raw: true })).value,
  'deadline and breaker': async (i) => (await guard.run('get', () => keyv.get(pick(i), { raw: true }))).value,
  'ticket, join, forecast (cache.getOrLoad)': (i) => cache.getOrLoad(pick(i), never),
  'interceptor (the decorated method)': (i) => service.find(pick(i)),
};
const measured = Object.fromEntries(Object.keys(layers).map((name) => [name, []]));
const contestants = Object.entries(layers).map(([name, call]) => [name, latencies(call, concurrency)]);
for (let round = -3; round < ROUNDS; round += 1) {
  for (const [name, contestant] of contestants) {
    const before = process.cpuUsage();
    const { p50 } = await contestant.round(CALLS);
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) measured[name].push({ p50, cpu: (user + system) / CALLS });
  }
}
const base = measured['GET and JSON.parse'];
for (const [name, rounds] of Object.entries(measured)) {
  const cpu = median(rounds.map((each) => each.cpu));
  const p50 = median(rounds.map((each) => each.p50));
  const ratio = median(rounds.map((each, i) => each.p50 / base[i].p50));
  console.log(`${name.padEnd(42)} ${cpu.toFixed(2)} µs of CPU, p50 ${(p50 * 1_000).toFixed(0)} µs, ratio ${ratio.toFixed(2)}`);
}
client.destroy();
await close();
await redis.stop();
