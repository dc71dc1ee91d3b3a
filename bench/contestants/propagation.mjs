// From the call of an eviction in one process until the last of `count` receivers in another has applied it. (How much later a message is
// handled that was published from the same process says more of that process: it has to read the answer, and its own copy, as well.)
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { quantile } from '../harness/numbers.mjs';

const RECEIVERS = new URL('../harness/receivers.mjs', import.meta.url);
/** Of the machine, not of the process. */
const milliseconds = () => Number(process.hrtime.bigint()) / 1e6;

/** `send`, until the last receiver of `kind` tells when it was there. */
async function untilReceived(kind, options, send, closeSender) {
  const receivers = fork(RECEIVERS, [kind, JSON.stringify(options)]);
  const ready = await Promise.race([once(receivers, 'message'), once(receivers, 'exit')]);
  if (ready[0] !== 'ready') throw new Error(`The receivers ended with code ${ready[0]}.`);
  let arrived = () => undefined;
  receivers.on('message', (at) => arrived(at));
  return {
    async round(n) {
      const took = [];
      for (let i = 0; i < n; i += 1) {
        const last = new Promise((resolve) => (arrived = resolve));
        const begun = milliseconds();
        const [at] = await Promise.all([last, send(`The Book of Sand ${i}`)]);
        took.push(at - begun);
      }
      return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
    },
    close: () => {
      receivers.disconnect();
      return closeSender();
    },
  };
}

/** PUBLISH, and the handlers of ioredis subscribers. */
export async function raw({ redis, count }) {
  const { Redis } = await import('ioredis');
  const publisher = new Redis(redis);
  const channel = 'raw-propagation';
  return untilReceived(
    'handlers',
    { redis, count, channel },
    (text) => publisher.publish(channel, text),
    () => publisher.disconnect(),
  );
}

/** Our script by itself, and the same handlers: the floor of what follows. */
export async function script({ redis, count }) {
  const { scriptAlone } = await import('../harness/library.mjs');
  const channel = 'script-propagation';
  const { evict, client } = await scriptAlone(redis, channel);
  return untilReceived('handlers', { redis, count, channel }, evict, () => client.destroy());
}

/** Ours, from a decorated method. */
export async function ours({ redis, count }) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const namespace = `prop-${process.pid}`;
  const Service = serviceClass({ update: [async (name) => name, library.CacheEvict('book')] });
  const { service, close } = await served(Service, { redis, namespace, ...PATIENT, caches: { book: {} } });
  return untilReceived('containers', { redis, count, namespace }, (name) => service.update(name), close);
}
