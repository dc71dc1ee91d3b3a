import { setTimeout as pause } from 'node:timers/promises';
import { ABANDONED_WRITES } from './abandoned-writes.js';
import type { Place } from './arena.js';
import { DATABASE_FAULTS } from './database-faults.js';
import type { DeploymentKind } from './deployment.js';
import { anyOf, aWhile, type FaultContext, NO_FAULTS, repeated, type RepeatedKind, untilOver } from './fault-kind.js';
import { SingleServer } from './single-server.js';
import { WIRE_KINDS } from './wire-faults.js';

type Context = FaultContext<SingleServer>;
type Kind = RepeatedKind<SingleServer>;

const somewhere = ({ deployment, random }: Context) => random.pick(deployment.proxies);

const someone = ({ arena, random }: Context) => random.pick(arena.places).worker;

/** A server that answers refuses nothing, however much is asked of it at once. */
function none({ arena }: Context, what: string, refused: number): void {
  if (refused > 0) arena.failures.push(`${refused} ${what} of a burst were refused.`);
}

/** What may happen to the links of one instance. */
const LINK_KINDS: readonly Kind[] = [
  repeated('cut subscriber', async (context) => {
    const proxy = somewhere(context);
    proxy.away({ of: 'subscriber' });
    await aWhile(context);
    proxy.heal();
  }),
  repeated('cut command link', async (context) => {
    const proxy = somewhere(context);
    proxy.away({ of: 'command' });
    await aWhile(context);
    proxy.heal();
  }),
  repeated('half-open subscriber', async (context) => {
    const proxy = somewhere(context);
    proxy.blackhole({ of: 'subscriber' });
    await aWhile(context);
    proxy.heal();
  }),
  repeated('half-open command link', async (context) => {
    const proxy = somewhere(context);
    proxy.blackhole({ of: 'command' });
    await aWhile(context);
    proxy.heal();
  }),
  repeated('half-open both', async (context) => {
    const proxy = somewhere(context);
    proxy.blackhole();
    await aWhile(context);
    proxy.heal();
  }),
  repeated('delay', async (context) => {
    const { deployment, random, boundMs } = context;
    for (const proxy of deployment.proxies) {
      for (const of of ['command', 'subscriber'] as const) {
        for (const direction of ['to-server', 'to-client'] as const) proxy.delay(random.between(0, 0.3) * boundMs, { of, direction });
      }
    }
    // One listener hears what happened only after its lease.
    somewhere(context).delay(random.between(0.5, 1.5) * boundMs, { of: 'subscriber', direction: 'to-client' });
    await aWhile(context);
    for (const proxy of deployment.proxies) proxy.heal();
  }),
];

/** What may happen to the server, or to a process that uses it. */
const PROCESS_KINDS: readonly Kind[] = [
  repeated('CLIENT KILL storm', async ({ deployment, random }) => {
    for (let left = 10; left > 0; left -= 1) {
      await deployment.server.cli('CLIENT', 'KILL', 'TYPE', random.pick(['pubsub', 'normal']));
      await pause(random.between(5, 50));
    }
  }),
  repeated('reconnect storm', async ({ deployment, random }) => {
    for (let left = 20; left > 0; left -= 1) {
      await deployment.server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await pause(random.between(1, 30));
    }
  }),
  repeated('kill -9, empty restart', async (context) => {
    await context.deployment.server.kill();
    await aWhile(context, 1);
    await context.deployment.server.restart({ keepData: false });
    await aWhile(context, 2);
  }),
  repeated('restart from an old snapshot', async (context) => {
    const { server } = context.deployment;
    await server.cli('SAVE');
    await aWhile(context, 1); // What is evicted now, the snapshot has forgotten.
    await server.kill();
    await aWhile(context, 0.5);
    await server.restart();
    await aWhile(context, 1);
  }),
  repeated('server stopped (SIGSTOP)', async (context) => {
    context.deployment.server.pause();
    await aWhile(context);
    context.deployment.server.resume();
  }),
  repeated('worker stopped (SIGSTOP)', async (context) => {
    const worker = someone(context);
    worker.pause();
    await aWhile(context);
    worker.resume();
  }),
  repeated('blocked event loop', async (context) => {
    const { random, boundMs } = context;
    await someone(context).ask('block', random.between(0.1, 2) * boundMs);
  }),
  repeated('blocked event loop with evictions under way', async (context) => {
    const { random, boundMs } = context;
    await someone(context).ask('blockWhileEvicting', random.between(0.1, 2) * boundMs);
  }),
  repeated('put burst', async (context) => none(context, 'puts', await someone(context).ask('putBurst', 2_000))),
  repeated('eviction burst', async (context) => none(context, 'evictions', await someone(context).ask('evictionBurst', 5_000))),
  repeated('FLUSHALL', async ({ deployment }) => void (await deployment.server.cli('FLUSHALL'))),
  repeated('SCRIPT FLUSH', async ({ deployment }) => void (await deployment.server.cli('SCRIPT', 'FLUSH'))),
  repeated('out of memory', async (context) => {
    const { server } = context.deployment;
    await server.cli('CONFIG', 'SET', 'maxmemory', 1);
    await aWhile(context);
    await server.cli('CONFIG', 'SET', 'maxmemory', 0);
  }),
];

const HOUR_MS = 3_600_000;

/** Instances are ended in order, one after the other, and started again. */
const restarted = (name: string, updates: number, late: number): Kind => {
  let next = 0;
  return repeated(name, async (context) => {
    const { arena, load } = context;
    const place = arena.places[next++ % arena.places.length] as Place;
    await arena.restart(place, updates, late);
    await arena.loadOne(place, load);
    await aWhile(context, 1);
  });
};

const FAULTS: DeploymentKind<SingleServer>['faults'] = [
  ...NO_FAULTS,
  ...LINK_KINDS,
  ...PROCESS_KINDS,
  ...WIRE_KINDS,
  repeated('crash of the evicting process', async (context) => {
    const { arena, load, random } = context;
    const place = arena.places[random.below(arena.options.writers)];
    if (place === undefined) throw new Error('There is no writer.');
    await arena.replace(place);
    await arena.loadOne(place, load);
    await aWhile(context, 1);
  }),
  ...ABANDONED_WRITES,
  ...DATABASE_FAULTS,
  restarted('rolling restart with calls under way', 20, 0),
  restarted('update after unbind', 5, 5),
  // The third worker is right. What one writes, the others read, and no entry may live longer than its life anywhere.
  { name: "writers' clocks an hour off", clocksOffByMs: [HOUR_MS, -HOUR_MS, 0], lifeMs: 500, harm: untilOver },
  repeated('moved address, the old server lives', async (context) => {
    await context.deployment.moveAddress();
    await aWhile(context, 3);
  }),
  {
    name: 'Redis absent at start',
    startAbsent: (workers) => SingleServer.startAbsent(workers),
    harm: async (context) => {
      await aWhile(context, 2);
      await context.deployment.startServer();
      await untilOver(context);
    },
  },
  {
    name: 'links and processes at once',
    harm: async (context) => {
      await Promise.all([LINK_KINDS, PROCESS_KINDS].map((kinds) => anyOf(kinds).harm({ ...context, random: context.random.fork() })));
    },
  },
];

/** One server, and what may happen to it and to each way there. */
export const SINGLE_SERVER: DeploymentKind<SingleServer> = {
  name: 'One server',
  about: 'One server with the default settings; each process reaches it through a proxy of its own.',
  faults: FAULTS,
  start: (workers) => SingleServer.start(workers),
};
