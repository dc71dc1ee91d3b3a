import type { PubSubObserver } from './pub-sub-transport.js';
import { globMatcher } from './glob.js';

/** One subscriber of a hub: its observer and its subscriptions. */
export interface HubMember {
  readonly observer: PubSubObserver;
  readonly channels: Set<string>;
  /** By pattern: whether a channel matches it. */
  readonly patterns: Map<string, (channel: string) => boolean>;
}

interface Delivery {
  readonly member: HubMember;
  readonly channel: string;
  readonly body: string;
  readonly pattern: string | undefined;
}

/**
 * Where all in-process transports of one name meet: a broker in a few lines. `publish` delivers a message
 * before it returns. A message published during a delivery waits until that delivery is over, so that all
 * members see the same order.
 */
export class InProcessHub {
  static readonly #hubs = new Map<string, InProcessHub>();

  /** Transports find it by this name. */
  readonly name: string;
  readonly #members = new Set<HubMember>();
  readonly #queue: Delivery[] = [];
  #delivering = false;

  private constructor(name: string) {
    this.name = name;
  }

  /**
   * Adds a member to the hub of this name. The first member creates the hub, and the last
   * one to leave removes it.
   */
  static join(name: string, observer: PubSubObserver): HubMember {
    let hub = this.#hubs.get(name);
    if (hub === undefined) this.#hubs.set(name, (hub = new InProcessHub(name)));
    const member: HubMember = { observer, channels: new Set(), patterns: new Map() };
    hub.#members.add(member);
    return member;
  }

  /** Removes a member. Deliveries that still wait for it are dropped. */
  static leave(name: string, member: HubMember): void {
    const hub = this.#hubs.get(name);
    member.channels.clear();
    member.patterns.clear();
    if (hub === undefined) return;
    hub.#members.delete(member);
    if (hub.#members.size === 0) this.#hubs.delete(name);
  }

  /** @returns how many subscriptions the message is for, counted as Redis does. */
  static publish(name: string, channel: string, body: string): number {
    const hub = this.#hubs.get(name);
    return hub === undefined ? 0 : hub.#publish(channel, body);
  }

  /** Adds a subscription. Repeating one changes nothing. */
  static subscribe(member: HubMember, kind: 'channel' | 'pattern', name: string): void {
    if (kind === 'channel') member.channels.add(name);
    else member.patterns.set(name, globMatcher(name));
  }

  #publish(channel: string, body: string): number {
    const deliveries: Delivery[] = [];
    for (const member of this.#members) {
      if (member.channels.has(channel)) deliveries.push({ member, channel, body, pattern: undefined });
    }
    for (const member of this.#members) {
      for (const [pattern, matches] of member.patterns) if (matches(channel)) deliveries.push({ member, channel, body, pattern });
    }
    this.#queue.push(...deliveries); // Redis decides on the receivers when it executes PUBLISH, and so do we.
    this.#deliver();
    return deliveries.length;
  }

  #deliver(): void {
    if (this.#delivering) return; // We are inside a delivery: the loop below gets to it.
    this.#delivering = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) deliverOne(next);
    } finally {
      this.#delivering = false;
    }
  }
}

function deliverOne({ member, channel, body, pattern }: Delivery): void {
  if (pattern === undefined ? !member.channels.has(channel) : !member.patterns.has(pattern)) return; // It has unsubscribed or closed since.
  try {
    member.observer.onMessage(pattern === undefined ? { channel, body } : { channel, body, pattern });
  } catch (error) {
    // An observer that throws breaks its contract. As with ioredis, the error surfaces as an uncaught
    // exception and disturbs nobody else.
    process.nextTick(() => {
      throw error;
    });
  }
}
