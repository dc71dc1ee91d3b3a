import type { Milliseconds } from '../time/index.js';
import type { SharedLoad } from './shared-load.js';
import { TransientMap } from './transient-map.js';

/**
 * A read under way: its *ticket* to fill the local tier, and, where it runs a loader, the load that later callers of the key may join.
 * Taken before anything is sent. An eviction of the key, a clear, a gap or a new subscription cancels it: the value goes to those who
 * already wait for it and nowhere else.
 */
export class Read {
  isCancelled = false;
  load: SharedLoad | undefined;
  /** The next older read of the same key. */
  older: Read | undefined;
  constructor(
    readonly version: number,
    older: Read | undefined,
  ) {
    this.older = older;
  }
}

/** The reads of one cache that are under way. */
export class Reads {
  /** The newest of each key; older ones hang on it. */
  readonly #newest = new TransientMap<string, Read>();
  /** Moves on at every clear: reads of an earlier version are cancelled without being visited. */
  #version = 0;

  begin(key: string): Read {
    const read = new Read(this.#version, this.#newest.get(key));
    this.#newest.set(key, read);
    return read;
  }

  /** It has its value, or has failed. */
  end(key: string, read: Read): void {
    read.load = undefined; // What is left of a Map's old table may outlive it for long, and would take every value along.
    const newest = this.#newest.get(key);
    if (newest === read) {
      if (read.older === undefined) this.#newest.remove(key);
      else this.#newest.set(key, read.older);
      return;
    }
    for (let at = newest; at !== undefined; at = at.older) if (at.older === read) at.older = read.older;
  }

  /** The newest load of `key` that may be joined, if it has not lasted for `limitMs`; plain reads may have begun since. */
  loadOf(key: string, now: Milliseconds, limitMs: Milliseconds): SharedLoad | undefined {
    let read = this.#newest.get(key);
    while (read !== undefined && read.load === undefined) read = read.older;
    return read?.load?.isLate(now, limitMs) === false ? read.load : undefined;
  }

  isCancelled(read: Read): boolean {
    return read.isCancelled || read.version !== this.#version;
  }

  /** Cancels all reads of `key`; nobody joins their loads any more. */
  cancel(key: string): void {
    const newest = this.#newest.get(key);
    if (newest === undefined) return;
    for (let read: Read | undefined = newest; read !== undefined; read = read.older) read.isCancelled = true;
    this.#newest.remove(key);
  }

  /** Cancels all, of every key. */
  cancelAll(): void {
    this.#version += 1;
    this.#newest.clear();
  }
}
