// An awaited hit in the process among `count` entries, asked for in no order a processor could guess.
import { random } from '../harness/numbers.mjs';
import { awaited } from '../harness/rounds.mjs';

const ASKED = 1 << 16;

function hits(count, find, close) {
  const next = random(1);
  const asked = Array.from({ length: ASKED }, () => `The Book of Sand ${Math.floor(next() * count)}`);
  return { ...awaited((i) => find(asked[i & (ASKED - 1)])), close };
}

const nameOf = (i) => `The Book of Sand ${i}`;

/** An `async` method in front of a Map. */
export async function handWritten({ count }) {
  const books = new Map();
  for (let i = 0; i < count; i += 1) books.set(nameOf(i), { name: nameOf(i) });
  return hits(count, async (name) => books.get(name));
}

/** Ours: a decorated method, local tier only, filled by calling it. */
export async function ours({ count }) {
  const { library, serviceClass, served } = await import('../harness/library.mjs');
  const Service = serviceClass({ find: [async (name) => ({ name }), library.Cacheable('book')] });
  const { service, close } = await served(Service, {
    namespace: `keys-${process.pid}`,
    defaults: { ttl: '1h', tiers: 'local', maximumSize: count },
  });
  for (let i = 0; i < count; i += 1) await service.find(nameOf(i));
  return hits(count, (name) => service.find(name), close);
}
