import { type Duration, parseDuration } from '../../time/index.js';

const PATIENCE_MS = 10_000;
const SOON_MS = 500;
const REST_MS = 2;

// Taken when the module is loaded, before a test can put fake timers in their place: this waits in real time.
const now = performance.now.bind(performance);
const [rest, endRest, nextTurn] = [setTimeout, clearTimeout, setImmediate];

/** A promise that a test resolves. */
export class Gate<T = void> {
  readonly promise: Promise<T>;
  /** Resolves it. */
  open!: (value: T) => void;

  constructor() {
    this.promise = new Promise<T>((resolve) => (this.open = resolve));
  }
}

/**
 * Resolves once `fact` holds. It asks again and again, for 10 seconds at the most.
 *
 * @throws {Error} which names the fact, if it does not come about.
 */
export async function until(fact: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = now() + PATIENCE_MS;
  while (!(await fact())) {
    if (now() > end) throw new Error(`Waited ${PATIENCE_MS} ms in vain for ${what}.`);
    await new Promise<void>((resolve) => void rest(resolve, REST_MS));
  }
}

/** A promise that is awaited later. If it rejects before that, nobody calls this unhandled. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Resolves once `promise` has settled, and otherwise in half a second. */
export async function settledSoon(promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const soon = new Promise<void>((resolve) => (timer = rest(resolve, SOON_MS)));
  await Promise.race([promise.catch(() => undefined), soon]);
  endRest(timer);
}

/** So many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise<void>((resolve) => void nextTurn(resolve));
}

/**
 * What `promise` resolves with.
 *
 * @throws {Error} which names what was waited for, if it does not settle within `timeout`.
 */
export async function settled<T>(promise: Promise<T>, what: string, timeout: Duration = PATIENCE_MS): Promise<T> {
  const timeoutMs = parseDuration('timeout', timeout);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = rest(() => reject(new Error(`Waited ${timeoutMs} ms in vain for ${what}.`)), timeoutMs);
  });
  try {
    return await Promise.race([later(promise), late]);
  } finally {
    endRest(timer);
  }
}
