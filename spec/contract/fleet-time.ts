import sinon from 'sinon';
import { ServerClock } from '../../lib/eviction/server-clock.js';
import type { Milliseconds } from '../../lib/time/index.js';
import type { RedisServer } from '../support/redis-server.js';

/** The time by which the entries of a fleet end, in the hands of a spec. */
export interface FleetTime {
  /** Lets time pass for all entries. */
  pass(ms: Milliseconds): Promise<void>;
  /** Gives the time back. */
  end(): void;
}

/** That of embedded instances: `Date`, which stands still from the first call on. */
export class ProcessTime implements FleetTime {
  #date: sinon.SinonFakeTimers | undefined;

  async pass(ms: Milliseconds): Promise<void> {
    this.#date ??= sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    this.#date.tick(ms);
  }

  end(): void {
    this.#date?.restore();
    this.#date = undefined;
  }
}

/** Moves the ends of all entries of a namespace: the text, and the time at which the server removes them. */
const MOVE_ENDS = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local raw = redis.call('TYPE', key).ok == 'string' and redis.call('GET', key) or ''
  local left = redis.call('PTTL', key) - ARGV[2]
  local ends = string.match(raw, ',"end":(%d+)}$')
  if ends and left <= 0 then redis.call('DEL', key)
  elseif ends then
    local head = string.gsub(raw, ',"end":%d+}$', '')
    redis.call('SET', key, head .. ',"end":' .. string.format('%.0f', ends - ARGV[2]) .. '}', 'PX', string.format('%.0f', left))
  end
end`;

/**
 * That of instances on a Redis server, whose clock nobody can set. Its entries grow older instead, and the instances are told a time of
 * the server that is so much later.
 */
export class ServerTime implements FleetTime {
  readonly #server: RedisServer;
  readonly #namespace: string;
  #passedMs: Milliseconds = 0;
  #stubs: sinon.SinonStub[] = [];

  constructor(server: RedisServer, namespace: string) {
    this.#server = server;
    this.#namespace = namespace;
  }

  async pass(ms: Milliseconds): Promise<void> {
    if (this.#stubs.length === 0) this.#install();
    await this.#server.cli('EVAL', MOVE_ENDS, 0, `${this.#namespace}*`, ms);
    this.#passedMs += ms;
  }

  end(): void {
    for (const stub of this.#stubs) stub.restore();
    this.#stubs = [];
  }

  #install(): void {
    const passedMs = (): Milliseconds => this.#passedMs;
    const sample = sinon.stub(ServerClock.prototype, 'sample');
    sample.callsFake(function (this: ServerClock, sentAt, receivedAt, serverMs) {
      sample.wrappedMethod.call(this, sentAt, receivedAt, serverMs + passedMs());
    });
    const earliest = sinon.stub(ServerClock.prototype, 'earliest');
    earliest.callsFake(function (this: ServerClock, serverMs) {
      return earliest.wrappedMethod.call(this, serverMs + passedMs());
    });
    this.#stubs = [sample, earliest];
  }
}
