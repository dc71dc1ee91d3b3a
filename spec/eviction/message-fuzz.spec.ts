import { expect } from 'chai';
import { isGeneration } from '../../lib/eviction/cache-state.js';
import { parseMessage } from '../../lib/eviction/index.js';
import { formatAcknowledgement, formatMessage, parseInbox } from '../../lib/eviction/messages.js';
import { isOrigin } from '../../lib/eviction/origin.js';
import { nearlyRight, slowest } from '../support/fuzz.js';

const INPUTS = 100_000;
const SEED = 4711;
/** What an input of 1 KB may cost at most, on whatever machine. */
const MOST_MS = 5;

const evicted = { ns: 'cache', cache: 'book', seq: 42, gen: '1700000000000000', op: 'evict', origin: 'one~0123456789ab' } as const;
const MESSAGES = [
  formatMessage({ ...evicted, keys: ['Dune', '~["a",1]'] }),
  formatMessage({ ...evicted, op: 'put', keys: ['Dune'], at: 1_700_000_000_000_001 }),
  formatMessage({ ...evicted, op: 'clear', keys: [], ack: true }),
  formatMessage({ ...evicted, op: 'evictTagged', keys: [], tags: ['herbert', '~["a",1]'] }),
];
const PRIVATE = [
  '{"v":2,"beat":7,"states":"42:1700000000000000:ab,1700000000000001:5:0123456789ab"}',
  '{"v":2,"beat":1,"states":""}',
  formatAcknowledgement({ cache: 'book', seq: 42, from: 'two~0123456789ab' }),
];

describe(`${INPUTS} texts that are nearly right`, function () {
  this.timeout(120_000);

  it('are a message in every field or malformed, never thrown at, and never slow', () => {
    let taken = 0;
    const slow = slowest(
      nearlyRight(MESSAGES, INPUTS, SEED),
      (body) => {
        const message = parseMessage(body);
        if ('malformed' in message) return void expectWords(message.malformed);
        taken += 1;
        const { seq, gen, origin, keys, tags = [], op, at, ack } = message;
        if (!Number.isSafeInteger(seq) || seq < 1 || !isGeneration(gen) || !isOrigin(origin)) throw new Error(`Let through: ${body}`);
        const areTexts = [...keys, ...tags].every((text) => typeof text === 'string');
        if (!areTexts || !['evict', 'put', 'clear', 'evictTagged'].includes(op)) throw new Error(`Let through: ${body}`);
        if ((message.tags !== undefined) !== (op === 'evictTagged')) throw new Error(`Let through: ${body}`);
        if (at !== undefined && !Number.isSafeInteger(at)) throw new Error(`Let through: ${body}`);
        if (ack !== undefined && typeof ack !== 'boolean') throw new Error(`Let through: ${body}`);
      },
      MOST_MS,
    );
    expect(slow).to.equal(undefined);
    expect(taken, 'some are right').to.be.greaterThan(100);
  });

  it('are an echo, an acknowledgement or malformed, never thrown at, and never slow', () => {
    let taken = 0;
    const slow = slowest(
      nearlyRight(PRIVATE, INPUTS, SEED),
      (body) => {
        const message = parseInbox(body);
        if ('malformed' in message) return void expectWords(message.malformed);
        taken += 1;
        if ('beat' in message) {
          const isRight = message.states.every(({ seq, gen }) => Number.isFinite(seq) && typeof gen === 'string');
          if (!Number.isSafeInteger(message.beat) || !isRight) throw new Error(`Let through: ${body}`);
        } else if (!Number.isSafeInteger(message.seq) || !isOrigin(message.from) || typeof message.cache !== 'string') {
          throw new Error(`Let through: ${body}`);
        }
      },
      MOST_MS,
    );
    expect(slow).to.equal(undefined);
    expect(taken, 'some are right').to.be.greaterThan(100);
  });
});

/** A reason is one of a few fixed texts: it must not repeat what was sent. */
function expectWords(reason: unknown): void {
  if (typeof reason !== 'string' || !/^[\w ]{5,40}$/.test(reason)) throw new Error(`No reason: ${String(reason)}`);
}
