import { printable, printableJson } from '../errors/index.js';
import type { CacheStatus, InstanceView } from '../fleet/index.js';
import type { CommandLine } from './command-line.js';
import type { FleetLink } from './fleet-link.js';
import { milliseconds, table } from './table.js';

const HEADINGS = ['', 'state', 'L1 hits', 'L2 hits', 'misses', 'hit ratio', 'loads', 'in L1', 'applied', 'lag p99', 'in bypass'];

/**
 * Prints the counters of every instance.
 *
 * @returns the exit code: `1` if none answered.
 * @throws {CacheError} when Redis does not answer.
 */
export async function stats(line: CommandLine, link: FleetLink, out: (line: string) => void, err: (line: string) => void): Promise<number> {
  const answered = await link.watch.ask(line.timeoutMs);
  const instances = answered.map((view) => only(view, line.caches));
  if (line.isJson) for (const { status } of instances) out(printableJson(status));
  else print(instances, out);
  for (const { status } of instances) {
    if (status.omittedCaches !== undefined)
      err(`${printable(status.id)} has ${status.omittedCaches} more caches, which do not fit into its status message.`);
  }
  if (instances.length > 0) return 0;
  err(`No instance of namespace '${line.namespace}' answered within ${milliseconds(line.timeoutMs)}.`);
  return 1;
}

function only({ status, ...rest }: InstanceView, caches: readonly string[]): InstanceView {
  if (caches.length === 0) return { status, ...rest };
  return {
    ...rest,
    status: { ...status, caches: Object.fromEntries(Object.entries(status.caches).filter(([name]) => caches.includes(name))) },
  };
}

function print(instances: readonly InstanceView[], out: (line: string) => void): void {
  const names = [...new Set(instances.flatMap(({ status }) => Object.keys(status.caches)))].sort();
  names.forEach((name, i) => {
    const rows = instances.flatMap(({ status }) => {
      const cache = status.caches[name];
      return cache === undefined ? [] : [row(printable(status.id), cache)];
    });
    if (i > 0) out('');
    for (const text of table([[printable(name), ...HEADINGS.slice(1)], ...rows])) out(text);
  });
}

function row(instance: string, { isServing, statistics }: CacheStatus): readonly string[] {
  const of = (name: string): number => (typeof statistics[name] === 'number' ? statistics[name] : 0);
  const reads = of('localHits') + of('remoteHits') + of('misses');
  const lag = statistics['p99LagMs'];
  return [
    instance,
    isServing ? 'serving' : 'bypass',
    ...['localHits', 'remoteHits', 'misses'].map((name) => String(of(name))),
    reads === 0 ? '-' : `${((100 * (reads - of('misses'))) / reads).toFixed(1)} %`,
    ...['loads', 'localSize', 'messagesApplied'].map((name) => String(of(name))),
    milliseconds(typeof lag === 'number' ? lag : undefined),
    milliseconds(of('bypassTimeMs')),
  ];
}
