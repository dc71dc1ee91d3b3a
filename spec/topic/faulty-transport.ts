import type { PubSubObserver, PubSubTransport, Topic } from '../../lib/topic/index.js';
import { turn } from '../support/promises.js';

/** One SUBSCRIBE or UNSUBSCRIBE that waits for the spec's answer. */
export interface PendingCommand {
  readonly verb: 'subscribe' | 'unsubscribe';
  readonly topics: readonly string[];
  confirm(): void;
  refuse(error?: Error): void;
}

/** A transport whose every answer is given by hand, so that a spec decides what comes first. Its link goes and comes by {@link lose} and {@link ready}. */
export class FaultyTransport implements PubSubTransport {
  readonly endpoint = 'faulty:1';
  /** All that was asked of it, in order. */
  readonly calls: string[] = [];
  readonly pending: PendingCommand[] = [];
  /** Set it to have the first connection fail. */
  connectError: Error | undefined;
  closeError: Error | undefined;
  observer: PubSubObserver | undefined;

  async connect(observer: PubSubObserver): Promise<void> {
    this.calls.push('connect');
    this.observer = observer;
    if (this.connectError !== undefined) throw this.connectError;
    this.ready();
  }

  subscribe(topics: readonly Topic[]): Promise<void> {
    return this.#ask('subscribe', topics);
  }

  unsubscribe(topics: readonly Topic[]): Promise<void> {
    return this.#ask('unsubscribe', topics);
  }

  publish(): Promise<number> {
    return Promise.reject(new Error('publishing is not what this fake is for'));
  }

  reconnect(): void {
    this.calls.push('reconnect');
    this.lose();
  }

  async close(): Promise<void> {
    this.calls.push('close');
    this.observer = undefined;
    for (const command of this.pending.splice(0)) command.refuse(new Error('closed'));
    if (this.closeError !== undefined) throw this.closeError;
  }

  ready(): void {
    this.observer?.onReady();
  }

  /** The link goes: the observer hears it, then the commands under way fail. */
  lose(error: Error = new Error('link lost')): void {
    this.observer?.onLost(error);
    for (const command of this.pending.splice(0)) command.refuse(error);
  }

  /** Confirms the oldest command that waits, and lets those who await it go on. */
  async confirm(): Promise<void> {
    this.pending.shift()?.confirm();
    await turn();
  }

  async refuse(error: Error): Promise<void> {
    this.pending.shift()?.refuse(error);
    await turn();
  }

  deliver(channel: string, body: string, pattern?: string): void {
    this.observer?.onMessage(pattern === undefined ? { channel, body } : { channel, body, pattern });
  }

  #ask(verb: PendingCommand['verb'], topics: readonly Topic[]): Promise<void> {
    const names = topics.map(({ name }) => name);
    this.calls.push(`${verb} ${names.join(' ')}`);
    return new Promise((resolve, reject) => {
      this.pending.push({ verb, topics: names, confirm: resolve, refuse: (error = new Error('refused')) => reject(error) });
    });
  }
}
