import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A TCP proxy between one instance and its Redis, that can cut the subscription alone: the connections on which the instance subscribed. */
export async function startLink(redis) {
  const target = new URL(redis);
  const pairs = new Set();
  let isCut = false;

  const end = (pair) => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  };
  const proxy = createServer({ noDelay: true }, (client) => {
    const pair = { client, server: connect({ host: target.hostname, port: Number(target.port), noDelay: true }), subscribes: false };
    pairs.add(pair);
    client.on('data', (chunk) => {
      pair.subscribes ||= /\r\n[ps]?subscribe\r\n/i.test(chunk.toString('latin1'));
      if (pair.subscribes && isCut) end(pair);
      else pair.server.write(chunk);
    });
    pair.server.on('data', (chunk) => client.write(chunk));
    for (const socket of [client, pair.server]) {
      socket.on('error', () => undefined); // 'close' follows.
      socket.on('close', () => end(pair));
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  return {
    url: `redis://127.0.0.1:${proxy.address().port}`,
    /** Cuts the subscription, and each attempt to have it back, until `heal`. Says how many connections that were. */
    cut() {
      isCut = true;
      const cut = [...pairs].filter(({ subscribes }) => subscribes);
      cut.forEach(end);
      return cut.length;
    },
    heal() {
      isCut = false;
    },
    close() {
      [...pairs].forEach(end);
      proxy.close();
    },
  };
}
