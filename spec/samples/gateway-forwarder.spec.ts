import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { expect } from 'chai';
import type { Consumer } from '../../samples/gateway/consumer.js';
import { Forwarder } from '../../samples/gateway/forwarder.js';
import { closeServer, listenOn } from '../../samples/gateway/loopback.js';
import { Refusal } from '../../samples/gateway/refusal.js';

const CONSUMER: Consumer = { kind: 'key', id: 'gw_1', owner: 'ann', plan: 'trial', isAdmin: false, revokedBy: 'api-keys:x' };

describe(Forwarder.name, () => {
  const servers: Server[] = [];
  let forwarder: Forwarder;
  let refusals: unknown[];

  /** A gateway of nothing but a forwarder, before a service that answers so. Resolves to its address. */
  const start = async (service: RequestListener, silentForMs?: number): Promise<string> => {
    const upstream = createServer(service);
    forwarder = new Forwarder(await listenOn(upstream, 0, 'The service'), silentForMs);
    refusals = [];
    const gateway = createServer((request, response) => {
      forwarder.forward(request, response, request.url ?? '/', CONSUMER).catch((error: unknown) => {
        refusals.push(error);
        response.writeHead(error instanceof Refusal ? error.status : 500).end();
      });
    });
    servers.push(upstream, gateway);
    return listenOn(gateway, 0, 'The gateway');
  };

  afterEach(async () => {
    forwarder.close();
    await Promise.all(servers.splice(0).map(closeServer));
  });

  it('says so when the service is silent for too long', async () => {
    const url = await start(() => undefined, 50);
    expect((await fetch(url)).status).to.equal(504);
    expect(refusals).to.have.length(1);
  });

  it('passes on what is no success as it is, and what is no text', async () => {
    const bytes = Buffer.from([0, 255, 254, 10]);
    const url = await start((_request, response) => {
      response
        .writeHead(302, { location: '/elsewhere', 'set-cookie': ['a=1', 'b=2'], connection: 'x-private', 'x-private': '1' })
        .end(bytes);
    });
    const response = await fetch(url, { redirect: 'manual' });
    expect(response.status).to.equal(302);
    expect(response.headers.get('location')).to.equal('/elsewhere');
    expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    expect(response.headers.has('x-private')).to.be.false;
    expect(Buffer.from(await response.arrayBuffer())).to.deep.equal(bytes);
  });

  it('does not pass half an answer off as a whole one', async () => {
    const url = await start((_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half', () => response.destroy());
    });
    const failure = await fetch(url).then((response) => response.text()).catch((error: unknown) => error); // prettier-ignore
    expect(failure).to.be.instanceOf(Error);
    expect(refusals).to.deep.equal([]);
  });

  it('has the service stop when nobody waits any more', async () => {
    let given: (() => void) | undefined;
    const up = new Promise<void>((resolve) => (given = resolve));
    let stopped: Promise<unknown> | undefined;
    const url = await start((_request, response) => {
      stopped = once(response, 'close');
      given?.();
    });
    const abort = new AbortController();
    const asked = fetch(url, { signal: abort.signal }).catch((error: unknown) => error);
    await up;
    abort.abort();
    expect(await asked).to.be.instanceOf(Error);
    await stopped;
  });
});
