/** One of a sample's servers, seen from outside. */
export interface ServerHandle {
  readonly name: string;
  /** Where it answers; `''` while it does not run. */
  readonly url: string;
  /** Starts it, or starts it anew, and resolves once it answers requests. */
  start(): Promise<void>;
  /** Ends it without a goodbye, as far as that can be done where it runs. */
  kill(): Promise<void>;
  /** Ends it in an orderly way. Idempotent; also while it is starting. */
  stop(): Promise<void>;
}

/** How to make a server; it is not running yet. */
export type MakeServer<N> = (name: string, port: number, notify: (notice: N) => void) => ServerHandle;

/** One life of a server, seen from inside. */
export interface RunnableServer {
  /** Resolves to the address it answers at. Called once. */
  start(): Promise<string>;
  /** Idempotent; while it is starting it waits for that. */
  stop(): Promise<void>;
}
