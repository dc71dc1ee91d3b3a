import { cpus, release, totalmem, type } from 'node:os';
import type { DeploymentKind } from './deployment.js';
import { faultTables } from './fault-table.js';
import type { FaultFigures } from './run-fault.js';

const ABOUT_DATABASE = `### Faults of the database

Of the method's calls every second one fails, 50 to 300 ms after it has read; or each takes 5 s longer, which stands for any time beyond
\`loadTimeout\`. Books are published and evicted all the time, and a life is 250 ms, so most values are past theirs. With \`staleIfError\`, reads are answered with what is
past its life (\`for\` longer than the run, \`retryAfter\` 100 ms); without it they fail, or wait.

A value is *known* to a read if it was stored before, and no eviction of its key was under way, or had ended less than D ago, from the load of the
value to the end of the read. A read whose value is known must not fail with \`staleIfError\`, unless Redis did not answer either; without, some
reads must fail or take as long as the database: they show that the fault was done. Failures of others are right: after an eviction there is
nothing to serve. A call for several books fails if it has nothing to serve for one of them, so its failure is *known* if all of them are.

What is served after its life is *stale* if an eviction of it was acknowledged before it was *served*, not only before the read began, and must not be
stale at all after an eviction by the same process or one with acknowledgements. A call for several books serves each of them at some time before its end;
they are held to what was acknowledged before it began. The limit for a read is 1 s on top of \`loadTimeout\`, or of twice what the method takes.`;

/**
 * The figures as a page of the docs: a table for each deployment.
 *
 * @param how - the server's version, and how the faults were done.
 */
export function faultPage(deployments: readonly DeploymentKind[], figures: readonly FaultFigures[], how: string): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release().split('-')[0]}`;
  const sections = deployments.map(({ name, about }) => {
    const own = figures.filter(({ deployment }) => deployment === name);
    return `## ${name}\n\n${about}\n\n${faultTables(own, ABOUT_DATABASE)}\n`;
  });
  return `# What faults did to the cache

Made by \`npm run faults\` (\`spec/faults/\`), which explains the figures; do not edit by hand.

${machine}; Node ${process.version}; ${new Date().toISOString().slice(0, 10)}; ${how}.
Three processes read, two of them write, over the loopback. Half of the writes that are no puts and no clears evict by tag: either the tag
of one book, or that of its shelf. An eviction of a shelf is held to every book on it, as far as that was committed before the eviction began.
Half of the reads are of one book, by a \`@Cacheable\` method. The other half are of several books in one call, by a \`@CacheableAll\` method: of two to ten
ids at random, among them the same one twice. Each book of such a call counts as a read, and is judged as one that began with the call.

A read is *stale* if it began after an eviction was acknowledged and returned what that eviction removed; *worst staleness* is how long after, and must
not exceed D. *Bypassed* reads could not use the local tier for want of a read lease. Evictions *in doubt* were answered with a \`CacheEvictError\` and
executed later; none may be lost. Calls include the method's own time (up to 40 ms); the limit is 1 s on top of it, plus 1.1 D where an eviction
waits for acknowledgements. Time in which a process did not run is not counted. *Permanently stale* keys must be 0, except
in the rows *not promised*: there a writer dies between its commit and its eviction, without \`aroundInvocation\`.

${sections.join('\n')}`;
}
