/** A promise and what resolves it. */
export interface Gate<T = void> {
  readonly promise: Promise<T>;
  readonly open: (value: T) => void;
}

/** A promise that is resolved by hand. */
export function gate<T = void>(): Gate<T> {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}

/** All microtasks and one turn of the event loop: whatever could happen without an outside event has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** So many {@link turn}s, one after the other. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}
