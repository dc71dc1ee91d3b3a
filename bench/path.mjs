// `node bench/path.mjs`: when an eviction passes the places on its way, from the call of the method until another container has applied it.
import net from 'node:net';
import { inside, library, PATIENT, served, serviceClass } from './harness/library.mjs';
import { median } from './harness/numbers.mjs';
import { startRedis } from './harness/redis.mjs';

const WARM_UP = 4_000;
const EVICTIONS = 8_000;
const microseconds = () => Number(process.hrtime.bigint()) / 1e3;

let marks = {};
const mark = (place) => (marks[place] ??= microseconds());

/** Has `method` of `prototype` leave a mark before, and another after. */
function watch(prototype, method, before, after = () => undefined) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    const entered = typeof before === 'function' ? before(args) : before;
    if (entered !== undefined) mark(entered);
    const result = original.apply(this, args);
    const left = after(args);
    if (left !== undefined) mark(left);
    return result;
  };
}

const { CommandConnection, TwoTierCache } = await inside('cache/index.js');
watch(TwoTierCache.prototype, 'evict', 'the cache is asked to evict');
watch(CommandConnection.prototype, 'run', 'the script is called');
watch(net.Socket.prototype, '_writeGeneric', 'it is written to the socket', () => 'the socket has taken it');
watch(net.Socket.prototype, 'push', () => (marks['the socket has taken it'] === undefined ? undefined : 'the first answer arrives'));
// What comes before the socket has taken the eviction is the message of the one before.
watch(TwoTierCache.prototype, 'applyEviction', ([, isOwn]) => {
  if (marks['the socket has taken it'] === undefined) return undefined;
  return isOwn ? 'the own message has been read' : 'the other container has read it';
});

const redis = await startRedis();
const Service = serviceClass({ update: [async (name) => name, library.CacheEvict('book')] });
const instance = () => served(Service, { redis: redis.url, namespace: 'path', ...PATIENT, caches: { book: {} } });
const [sender, receiver] = [await instance(), await instance()];
let applied = () => undefined;
receiver.container.get(library.CacheEvents).on('evicted', () => applied());
const { service } = sender;

const passed = new Map();
for (let i = 0; i < WARM_UP + EVICTIONS; i += 1) {
  marks = {};
  const begun = microseconds();
  const arrived = new Promise((resolve) => {
    applied = () => {
      mark('the other container has applied it');
      resolve();
    };
  });
  await Promise.all([service.update(`The Book of Sand ${i}`).then(() => mark('the call resolves')), arrived]);
  if (i < WARM_UP) continue;
  for (const [place, at] of Object.entries(marks)) passed.has(place) ? passed.get(place).push(at - begun) : passed.set(place, [at - begun]);
}
const places = [...passed].map(([place, times]) => [place, median(times)]).sort((a, b) => a[1] - b[1]);
for (const [place, at] of places) console.log(`${at.toFixed(1).padStart(7)} µs  ${place}`);
for (const { close } of [sender, receiver]) await close();
await redis.stop();
