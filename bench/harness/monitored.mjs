import { setTimeout as pause } from 'node:timers/promises';

/** Counts the commands that a server is sent, by MONITOR: all but those that scripts run, and heartbeats. */
export async function monitored(url) {
  const { inside } = await import('./library.mjs');
  const { Redis } = await import('ioredis');
  const { HEARTBEAT } = await inside('eviction/scripts.js');
  const client = new Redis(url);
  const monitor = await client.monitor();
  let seen = [];
  monitor.on('monitor', (_, args, source) => source !== 'lua' && args[1] !== HEARTBEAT.sha && seen.push(args));
  return {
    /** How many there were for each of `n` calls, `concurrency` at a time. */
    async count(n, call, concurrency = 1) {
      seen = [];
      for (let i = 0; i < n; i += concurrency) await Promise.all(Array.from({ length: concurrency }, (_, k) => call(i + k)));
      await client.echo('the end');
      while (!seen.some(([, text]) => text === 'the end')) await pause(1);
      return (seen.length - 1) / n;
    },
    close() {
      client.disconnect();
      monitor.disconnect();
    },
  };
}
