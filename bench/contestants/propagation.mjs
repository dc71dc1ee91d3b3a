// From the beginning of an eviction in one container until the last of `count` others has applied it.
import { quantile } from '../harness/numbers.mjs';

const milliseconds = () => Number(process.hrtime.bigint()) / 1e6;

async function each(n, one) {
  const took = [];
  for (let i = 0; i < n; i += 1) took.push(await one(i));
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
}

/** `send`, until the handlers of as many subscribers of `channel` were called. */
async function untilHandled(redis, count, channel, send, closeSender) {
  const { Redis } = await import('ioredis');
  const subscribers = Array.from({ length: count }, () => new Redis(redis));
  let arrived = () => undefined;
  for (const subscriber of subscribers) {
    subscriber.on('message', () => arrived());
    await subscriber.subscribe(channel);
  }
  const one = async (i) => {
    let missing = count;
    let at = 0;
    const begun = milliseconds();
    const all = new Promise((resolve) => {
      arrived = () => {
        at = milliseconds();
        if ((missing -= 1) === 0) resolve();
      };
    });
    await Promise.all([send(`The Book of Sand ${i}`), all]);
    return at - begun;
  };
  const close = () => {
    closeSender();
    for (const subscriber of subscribers) subscriber.disconnect();
  };
  return { round: (n) => each(n, one), close };
}

/** PUBLISH, and the handlers of as many subscribers. */
export async function raw({ redis, count }) {
  const { Redis } = await import('ioredis');
  const publisher = new Redis(redis);
  return untilHandled(
    redis,
    count,
    'raw-propagation',
    (text) => publisher.publish('raw-propagation', text),
    () => publisher.disconnect(),
  );
}

/** Our script by itself, and the handlers of as many subscribers: the floor of what follows. */
export async function script({ redis, count }) {
  const { scriptAlone } = await import('../harness/library.mjs');
  const { evict, client } = await scriptAlone(redis, 'script-propagation');
  return untilHandled(redis, count, 'script-propagation', evict, () => client.destroy());
}

/** Ours: `applied` is seen by the event that follows it. */
export async function ours({ redis, count }) {
  const { library, serviceClass, Container } = await import('../harness/library.mjs');
  const Service = serviceClass({ update: [async (name) => name, library.CacheEvict('book')] });
  const options = { redis, namespace: `prop-${process.pid}`, bound: '10s', timeout: '5s', deadline: '20s', caches: { book: {} } };
  const containers = [];
  let arrived = () => undefined;
  for (let i = 0; i <= count; i += 1) {
    const container = new Container();
    container.bind(Service).toSelf().inSingletonScope();
    await library.enableCaching(container, options);
    if (i > 0) container.get(library.CacheEvents).on('evicted', () => arrived());
    containers.push(container);
  }
  const service = containers[0].get(Service);
  const one = async (i) => {
    let missing = count;
    let at = 0;
    const begun = milliseconds();
    const all = new Promise((resolve) => {
      arrived = () => {
        at = milliseconds();
        if ((missing -= 1) === 0) resolve();
      };
    });
    await Promise.all([service.update(`The Book of Sand ${i}`), all]);
    return at - begun;
  };
  return { round: (n) => each(n, one), close: () => Promise.all(containers.map((container) => container.unbindAllAsync())) };
}
