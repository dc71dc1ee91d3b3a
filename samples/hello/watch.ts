import { setTimeout as pause } from 'node:timers/promises';
import type { PrivateRedis } from '../support/private-redis.js';
import type { Teardown } from '../support/teardown.js';
import type { Timeline } from '../support/timeline.js';
import type { HelloServer } from './hello-server.js';
import type { GreetingStore } from './hello-service.js';

const READ_EVERY_MS = 1_000;
/** After this many reads one of the servers changes the greeting. */
const CHANGE_EVERY = 10;
const START_AGAIN_AFTER_MS = 5_000;

/** Reads the greeting on all servers, until the process ends. */
export async function watch(servers: readonly HelloServer[], store: GreetingStore, timeline: Timeline): Promise<never> {
  for (let turn = 1; ; turn += 1) {
    for (const server of servers) {
      const { value, source } = await server.read();
      timeline.answer(server.name, `"${value}"  subscription ${server.subscription.padEnd(10)}`, source, value === store.text);
    }
    await pause(READ_EVERY_MS);
    if (turn % CHANGE_EVERY === 0) await servers[(turn / CHANGE_EVERY) % servers.length]?.change(`Hello after ${turn} reads`);
  }
}

/** Starts our Redis again whenever somebody has ended it. */
export async function revive(redis: PrivateRedis, teardown: Teardown, print: (line: string) => void): Promise<never> {
  for (;;) {
    print(`  Redis is process ${redis.pid}: kill -9 ${redis.pid}, and it is started again after ${START_AGAIN_AFTER_MS / 1_000} s.`);
    await redis.ended();
    if (teardown.hasBegun) return new Promise(() => undefined); // We ended it ourselves.
    print(`  Redis has ended.`);
    await pause(START_AGAIN_AFTER_MS);
    await redis.start();
  }
}
