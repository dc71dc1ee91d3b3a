import { expect } from 'chai';
import { createInstance } from '../../lib/instance/cache-instance.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';

/** Processor time: a busy machine takes longer, but does no more. */
const spent = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

/** What it takes to have so many caches, and to be rid of them again. */
async function costOf(caches: number, options: CachingOptions = {}): Promise<{ readonly making: number; readonly disposing: number }> {
  const runtime = createInstance({ namespace: ownNamespace('many'), maximumDynamicCaches: caches, ...options });
  await runtime.start();
  const making = await spent(async () => {
    const all = Array.from({ length: caches }, (_, i) => runtime.manager.getCache(`cache-${i}`));
    await Promise.all(all.map((cache) => cache!.get('Dune'))); // Which waits until each follows its topic.
  });
  const disposing = await spent(() => runtime.stop());
  return { making, disposing };
}

/** The better of two: the first pays for the compiler. */
async function best(caches: number): Promise<Awaited<ReturnType<typeof costOf>>> {
  const costs = [await costOf(caches), await costOf(caches)];
  return { making: Math.min(...costs.map(({ making }) => making)), disposing: Math.min(...costs.map(({ disposing }) => disposing)) };
}

describe('16 000 caches', function () {
  this.timeout(180_000);

  it('are made and disposed of in at most 20 times what 2000 take', async () => {
    const [few, many] = [await best(2_000), await best(16_000)];
    expect(many.disposing, `${few.disposing} ms for 2000`).to.be.at.most(20 * Math.max(few.disposing, 10));
    expect(many.making, `${few.making} ms for 2000`).to.be.at.most(20 * Math.max(few.making, 10));
  });

  it('do not cost a heartbeat for each: 500 that come at once on Redis need a few', async () => {
    const server = await sharedRedis();
    const before = await server.commandCalls();
    await costOf(500, { redis: server.url, bound: '1h', timeout: '20s', deadline: '60s', connectTimeout: '60s' });
    const { evalsha = 0 } = await server.commandCalls();
    expect(evalsha - (before['evalsha'] ?? 0)).to.be.below(100); // Of which each has all of the caches in it.
  });
});
