// A decorated write with an eviction after the method, and with one on both sides of it; and reads of a key that is being written.
import { latencies, value } from '../harness/rounds.mjs';

const book = value(500);
const load = async () => book;
let seen = 0;
const fresh = () => `The Book of Sand ${process.pid} ${(seen += 1)}`;

async function instance(redis, aroundInvocation) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const Service = serviceClass({
    find: [load, library.Cacheable('book')],
    update: [async (name) => name, library.CacheEvict('book', aroundInvocation ? { aroundInvocation } : {})],
  });
  const { service, manager, close } = await served(Service, {
    redis,
    namespace: `around-${process.pid}`,
    ...PATIENT,
    defaults: { ttl: '1h' },
  });
  return { service, cache: manager.getCache('book'), close };
}

/** A write of a fresh key. */
export async function ours({ redis, around, concurrency = 1 }) {
  const { service, close } = await instance(redis, around);
  return { ...latencies(() => service.update(fresh()), concurrency), close };
}

/** A read of one key while its writer works: the method runs each time. */
export async function withheld({ redis, concurrency = 1 }) {
  const { service, cache, close } = await instance(redis, true);
  const intent = await cache.intend(['Dune']);
  const end = async () => {
    await intent.end();
    await close();
  };
  return { ...latencies(() => service.find('Dune'), concurrency), close: end };
}

/** A read of a fresh key: the method runs, and its result is stored. */
export async function missed({ redis, concurrency = 1 }) {
  const { service, close } = await instance(redis, true);
  return { ...latencies(() => service.find(fresh()), concurrency), close };
}
