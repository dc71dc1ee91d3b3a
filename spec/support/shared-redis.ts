import { RedisServer } from './redis-server.js';

/**
 * The one server all `*.int.spec.ts` share: started by the first that asks, stopped after the last test.
 * Keep to a namespace of your own ({@link ownNamespace}); a spec that stops, pauses or flushes its server starts its own {@link RedisServer}.
 */
export function sharedRedis(): Promise<RedisServer> {
  return (shared ??= RedisServer.start());
}

/** A namespace nobody else uses: specs on the shared server neither see nor disturb each other. */
export function ownNamespace(label = 'spec'): string {
  return `${label}-${process.pid}-${(count += 1)}`;
}

let shared: Promise<RedisServer> | undefined;
let count = 0;

// At the top level of a module that spec files import, this is a hook of the root suite: it runs once, after every test.
after(async () => {
  const server = await shared?.catch(() => undefined);
  shared = undefined;
  await server?.stop();
});
