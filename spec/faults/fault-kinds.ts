import { setTimeout as pause } from 'node:timers/promises';
import type { Milliseconds } from '../../lib/time/index.js';
import type { Arena } from './arena.js';
import { LINKS } from './link-proxy.js';
import { monotonicNow } from './monotonic.js';
import type { Random } from './random.js';
import type { Load } from './worker-protocol.js';

/** What a fault works on, and with. */
export interface FaultContext {
  readonly arena: Arena;
  readonly boundMs: Milliseconds;
  readonly random: Random;
  /** The load all workers are under, for those that join late. */
  readonly load: Load;
  /** Whether it is time to end. */
  readonly isOver: () => boolean;
}

/** One way of doing harm. */
export interface FaultKind {
  readonly name: string;
  /** Does harm again and again until it is over, and undoes it. */
  harm(context: FaultContext): Promise<void>;
  /** `false`: the server is not there when the workers start. Default: `true`. */
  readonly isServerThere?: boolean;
  /** Default: `'some'`. */
  readonly acks?: Load['acks'];
}

type Step = (context: FaultContext) => Promise<void>;

interface RepeatedKind extends FaultKind {
  readonly step: Step;
}

/** A kind that repeats `step`, which undoes the harm it does, with a rest of 100 ms up to one bound between two. */
const repeated = (name: string, step: Step): RepeatedKind => ({
  name,
  step,
  async harm(context) {
    while (!context.isOver()) {
      await step(context);
      await pause(context.random.between(100, Math.max(200, context.boundMs)));
    }
  },
});

/** Harm lasts from a tenth of the bound up to `most` bounds: shorter than a lease, about as long, longer. */
const aWhile = ({ random, boundMs }: FaultContext, most = 2): Promise<void> => pause(random.between(0.1, most) * boundMs);

const untilOver = async ({ isOver }: FaultContext): Promise<void> => {
  while (!isOver()) await pause(20);
};

const somewhere = ({ arena, random }: FaultContext) => random.pick(arena.places);

/** What may happen to the links of one instance. */
const LINK_KINDS: readonly RepeatedKind[] = [
  repeated('cut subscriber', async (context) => {
    const { proxy } = somewhere(context);
    proxy.cut('subscriber');
    await aWhile(context);
    proxy.heal();
  }),
  repeated('cut command link', async (context) => {
    const { proxy } = somewhere(context);
    proxy.cut('command');
    await aWhile(context);
    proxy.heal();
  }),
  repeated('half-open subscriber', async (context) => {
    const { proxy } = somewhere(context);
    proxy.halfOpen('subscriber');
    await aWhile(context);
    proxy.heal();
  }),
  repeated('half-open command link', async (context) => {
    const { proxy } = somewhere(context);
    proxy.halfOpen('command');
    await aWhile(context);
    proxy.heal();
  }),
  repeated('half-open both', async (context) => {
    const { proxy } = somewhere(context);
    for (const link of LINKS) proxy.halfOpen(link);
    await aWhile(context);
    proxy.heal();
  }),
  repeated('delay', async (context) => {
    const { arena, random, boundMs } = context;
    for (const { proxy } of arena.places) {
      for (const link of LINKS) proxy.delay(link, random.between(0, 0.3) * boundMs, random.between(0, 0.3) * boundMs);
    }
    // One listener hears what happened only after its lease.
    somewhere(context).proxy.delay('subscriber', 0, random.between(0.5, 1.5) * boundMs);
    await aWhile(context);
    for (const { proxy } of arena.places) proxy.heal();
  }),
];

/** What may happen to the server, or to a process that uses it. */
const PROCESS_KINDS: readonly RepeatedKind[] = [
  repeated('CLIENT KILL storm', async ({ arena, random }) => {
    for (let left = 10; left > 0; left -= 1) {
      await arena.server.cli('CLIENT', 'KILL', 'TYPE', random.pick(['pubsub', 'normal']));
      await pause(random.between(5, 50));
    }
  }),
  repeated('kill -9, empty restart', async (context) => {
    await context.arena.server.kill();
    await aWhile(context, 1);
    await context.arena.server.restart({ keepData: false });
    await aWhile(context, 2);
  }),
  repeated('restart from an old snapshot', async (context) => {
    const { server } = context.arena;
    await server.cli('SAVE');
    await aWhile(context, 1); // What is evicted now, the snapshot has forgotten.
    await server.kill();
    await aWhile(context, 0.5);
    await server.restart();
    await aWhile(context, 1);
  }),
  repeated('server stopped (SIGSTOP)', async (context) => {
    context.arena.server.pause();
    await aWhile(context);
    context.arena.server.resume();
  }),
  repeated('worker stopped (SIGSTOP)', async (context) => {
    const { worker } = somewhere(context);
    worker.pause();
    await aWhile(context);
    worker.resume();
  }),
  repeated('blocked event loop', async (context) => {
    const { random, boundMs } = context;
    await somewhere(context).worker.ask('block', random.between(0.1, 2) * boundMs);
  }),
  repeated('FLUSHALL', async ({ arena }) => void (await arena.server.cli('FLUSHALL'))),
  repeated('SCRIPT FLUSH', async ({ arena }) => void (await arena.server.cli('SCRIPT', 'FLUSH'))),
  repeated('out of memory', async (context) => {
    const { server } = context.arena;
    await server.cli('CONFIG', 'SET', 'maxmemory', 1);
    await aWhile(context);
    await server.cli('CONFIG', 'SET', 'maxmemory', 0);
  }),
];

/** Any of `kinds`, one after the other. */
const anyOf = (kinds: readonly RepeatedKind[]): RepeatedKind => repeated('any', (context) => context.random.pick(kinds).step(context));

/** Every kind of fault the library claims to withstand, and none at all. */
export const FAULT_KINDS: readonly FaultKind[] = [
  { name: 'none', harm: untilOver },
  { name: 'none, all acknowledged', acks: 'all', harm: untilOver },
  ...LINK_KINDS,
  ...PROCESS_KINDS,
  repeated('crash of the evicting process', async (context) => {
    const { arena, load, random } = context;
    const place = arena.places[random.below(arena.options.writers)];
    if (place === undefined) throw new Error('There is no writer.');
    await arena.replace(place);
    await arena.loadOne(place, load);
    await aWhile(context, 1);
  }),
  {
    name: 'Redis absent at start',
    isServerThere: false,
    harm: async (context) => {
      await aWhile(context, 2);
      await context.arena.startServer();
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

/** The moment `ms` from now, as a question. */
export function deadline(ms: Milliseconds): () => boolean {
  const at = monotonicNow() + ms;
  return () => monotonicNow() >= at;
}
