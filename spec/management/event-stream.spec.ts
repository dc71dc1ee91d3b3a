import { expect } from 'chai';
import sinon from 'sinon';
import { type FleetMessage, type FleetPort, FleetWatch, formatFleetMessage, type InstanceStatus } from '../../lib/fleet/index.js';
import { CacheCounters } from '../../lib/event/index.js';
import { EventStream } from '../../lib/management/event-stream.js';
import { turn } from '../support/promises.js';

const INSTANCES = 200;
const CACHES = 50;

describe(EventStream.name, () => {
  let timers: sinon.SinonFakeTimers;
  let answer: (body: string) => void;
  let watch: FleetWatch;
  let published: number;

  const statusOf = (number: number, caches = CACHES): InstanceStatus => {
    const { lags: _lags, loadTimes: _loadTimes, ...counts } = new CacheCounters().snapshot({ localSize: 1 });
    const statistics = { ...counts, localHits: Date.now(), lastLagMs: 0.25, p99LagMs: 1 };
    const cache = {
      status: 'up',
      isServing: true,
      leaseLeftMs: 750.5,
      provenMs: 249.5,
      tiers: 'both',
      topic: 'shop:book-channel',
      maximumSize: 1_000,
      ttlMs: 60_000,
    } as const;
    return {
      id: `server-${number}`,
      namespace: 'shop',
      host: 'box',
      pid: number,
      startedAt: 1,
      at: Date.now(),
      boundMs: 1_000,
      status: 'up',
      links: { command: 'up', subscriber: 'up' },
      caches: Object.fromEntries(Array.from({ length: caches }, (_, i) => [`cache-${i}`, { ...cache, statistics }])),
    };
  };
  const say = (message: FleetMessage): void => {
    const body = formatFleetMessage(message);
    published += Buffer.byteLength(body);
    answer(body);
  };
  const tell = (number: number, caches?: number): void => {
    const status = statusOf(number, caches);
    say({ kind: 'status', from: status.id, status });
  };

  beforeEach(async () => {
    timers = sinon.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    published = 0;
    const port: FleetPort = {
      ask: () => Promise.resolve(0),
      listen: (given) => {
        answer = given;
        return Promise.resolve(() => Promise.resolve());
      },
    };
    watch = new FleetWatch({ port, clock: { now: () => Date.now() } });
    watch.watch({});
    await turn();
  });

  afterEach(async () => {
    await watch.stop();
    timers.restore();
  });

  /** A client that reads as soon as there is something. */
  class Client {
    bytes = 0;
    isOver = false;
    readonly events: { readonly event: string; readonly data: any }[] = [];

    constructor(stream: ReadableStream<Uint8Array>, keeps = true) {
      void (async () => {
        const decoder = new TextDecoder();
        for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
          this.bytes += chunk.length;
          const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(keeps ? decoder.decode(chunk) : '') ?? [];
          if (keeps) this.events.push({ event, data: JSON.parse(data) });
        }
        this.isOver = true;
      })();
    }

    of(event: string): any[] {
      return this.events.filter((each) => each.event === event).map(({ data }) => data);
    }
  }

  it(`sends a console little more than ${INSTANCES} instances with ${CACHES} caches each publish`, async function () {
    this.timeout(60_000);
    const { stream, close } = new EventStream(watch, {}, () => undefined);
    const client = new Client(stream, false);
    for (let second = 0; second < 5; second += 1) {
      // As instances do: each at its own moment of the second.
      for (let number = 0; number < INSTANCES; number += 1) {
        tell(number);
        await timers.tickAsync(1_000 / INSTANCES);
        if (number % 10 === 0) await turn();
      }
    }
    await timers.tickAsync(1_000);
    await turn();
    close();
    expect(published).to.be.greaterThan(5 * INSTANCES * CACHES * 300);
    expect(client.bytes).to.be.within(0.9 * published, 1.5 * published);
  });

  it('sends no more than is published where instances have little to tell', async () => {
    const { stream, close } = new EventStream(watch, {}, () => undefined);
    const client = new Client(stream, false);
    for (let second = 0; second < 20; second += 1) {
      for (let number = 0; number < INSTANCES; number += 1) tell(number, 1);
      await timers.tickAsync(1_000);
      await turn();
    }
    close();
    expect(client.bytes).to.be.below(2 * published);
  });

  it('sends the newest status of an instance that tells many at once', async () => {
    const { stream, close } = new EventStream(watch, { a: 1 }, () => undefined);
    const client = new Client(stream);
    for (let i = 0; i < 200; i += 1) tell(i % 2, i);
    await timers.tickAsync(200);
    await turn();
    close();
    expect(client.of('hello')).to.deep.equal([{ a: 1 }]);
    expect(client.of('status').map(({ status }) => [status.id, Object.keys(status.caches).length])).to.deep.equal([
      ['server-0', 198],
      ['server-1', 199],
    ]);
  });

  it('tells once a second who is there and who is silent, and at once who has gone', async () => {
    const { stream, close } = new EventStream(watch, {}, () => undefined);
    const client = new Client(stream);
    for (const number of [1, 2]) tell(number, 1);
    await timers.tickAsync(3_000);
    tell(1, 1);
    say({ kind: 'gone', from: 'server-2' });
    await timers.tickAsync(1_000);
    await turn();
    close();
    expect(client.of('gone')).to.deep.equal([{ instance: 'server-2' }]);
    expect(client.of('fleet').map(({ instances }) => instances)).to.deep.equal([
      [
        { id: 'server-1', agoMs: 1_000, isSilent: false },
        { id: 'server-2', agoMs: 1_000, isSilent: false },
      ],
      [
        { id: 'server-1', agoMs: 2_000, isSilent: false },
        { id: 'server-2', agoMs: 2_000, isSilent: false },
      ],
      [
        { id: 'server-1', agoMs: 3_000, isSilent: true },
        { id: 'server-2', agoMs: 3_000, isSilent: true },
      ],
      [{ id: 'server-1', agoMs: 1_000, isSilent: false }],
    ]);
  });

  it('shows a second console the whole fleet, though it is larger than what may lie unread', async function () {
    this.timeout(60_000);
    for (let number = 0; number < INSTANCES; number += 1) tell(number, 100);
    expect(published).to.be.greaterThan(8 * 1024 * 1024);
    const { stream, close } = new EventStream(watch, {}, () => undefined);
    await timers.tickAsync(500); // Nobody reads yet.
    const client = new Client(stream);
    for (let i = 0; i < 2 * INSTANCES; i += 1) await turn();
    expect(client.isOver).to.equal(false);
    expect(new Set(client.of('status').map(({ status }) => status.id)).size).to.equal(INSTANCES);
    close();
  });

  it('gives a client that does not read at most a megabyte of statuses, and ends after half a minute', async () => {
    let ended = 0;
    const { stream } = new EventStream(watch, {}, () => (ended += 1));
    for (let second = 0; second < 20; second += 1) {
      for (let number = 0; number < 100; number += 1) tell(number);
      await timers.tickAsync(1_000);
    }
    expect(ended).to.equal(0);
    await timers.tickAsync(15_000);
    expect(ended).to.equal(1);
    const client = new Client(stream, false);
    for (let i = 0; i < 500; i += 1) await turn();
    expect(client.isOver).to.equal(true);
    expect(client.bytes).to.be.below(1.5 * 1024 * 1024);
  });

  it('ends at once when it cannot send, and takes others along in nothing', async () => {
    let ended = 0;
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const { stream } = new EventStream(watch, cycle, () => (ended += 1));
    await turn();
    expect(ended).to.equal(1);
    expect(await stream.getReader().read().catch((error: unknown) => error)).to.be.instanceOf(TypeError); // prettier-ignore
    const other = new EventStream(watch, {}, () => undefined);
    const client = new Client(other.stream);
    tell(1, 1);
    await timers.tickAsync(200);
    await turn();
    other.close();
    expect(client.of('status').length).to.equal(1);
  });

  it('holds nothing that a terminal would obey', async () => {
    const { stream, close } = new EventStream(watch, {}, () => undefined);
    const reader = stream.getReader();
    await reader.read();
    const link = 'a\u009b2J\u202e\u2028';
    say({ kind: 'feed', from: 'x\u0007', lost: 0, entries: [{ at: 1, kind: 'link', link, isUp: true }] });
    const { value } = await reader.read();
    const text = new TextDecoder().decode(value);
    expect(text.replaceAll('\n', '')).to.not.match(/[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(JSON.parse(/^data: (.*)$/m.exec(text)![1]!)).to.deep.equal({
      instance: 'x\u0007',
      entries: [{ at: 1, kind: 'link', link, isUp: true }],
      lost: 0,
    });
    close();
  });
});
