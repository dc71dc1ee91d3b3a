import { printable, printableJson } from '../errors/index.js';
import type { CacheStatus, InstanceStatus } from '../fleet/index.js';
import type { CommandLine } from './command-line.js';
import type { FleetLink } from './fleet-link.js';
import { askInstances } from './instances.js';
import { counted, milliseconds, table } from './table.js';

/** Only where a cache has tags. */
const OF_TAGS = ['overtaken', 'tag reads'];

const HEADINGS = ['', 'state', 'L1 hits', 'L2 hits', 'misses', 'hit ratio', 'loads', 'in L1', 'applied', 'lag p99', 'in bypass'];

/**
 * Prints the counters of every instance.
 *
 * @returns the exit code: `1` if none answered, or no instance has a cache of the command line.
 * @throws {CacheError} when Redis does not answer.
 */
export async function stats(line: CommandLine, link: FleetLink, out: (line: string) => void, err: (line: string) => void): Promise<number> {
  const { instances, isComplete } = await askInstances(line, link, err);
  const wanted = instances.map((status) => only(status, line.caches));
  if (line.isJson) for (const status of wanted) out(printableJson(status));
  else if (isComplete && wanted.every(({ caches, omittedCaches }) => omittedCaches === undefined && Object.keys(caches).length === 0))
    out(`${counted(instances.length, 'instance')} answered; none has used a cache yet.`);
  else print(wanted, out);
  return isComplete ? 0 : 1;
}

function only(status: InstanceStatus, caches: readonly string[]): InstanceStatus {
  if (caches.length === 0) return status;
  return { ...status, caches: Object.fromEntries(Object.entries(status.caches).filter(([name]) => caches.includes(name))) };
}

function print(instances: readonly InstanceStatus[], out: (line: string) => void): void {
  const names = [...new Set(instances.flatMap(({ caches }) => Object.keys(caches)))].sort();
  names.forEach((name, i) => {
    const hasTags = instances.some(({ caches }) => caches[name]?.tags === true);
    if (i > 0) out('');
    for (const text of table([[printable(name), ...HEADINGS.slice(1), ...(hasTags ? OF_TAGS : [])], ...rows(name, instances, hasTags)]))
      out(text);
  });
}

function rows(name: string, instances: readonly InstanceStatus[], hasTags: boolean): readonly (readonly string[])[] {
  return instances.flatMap(({ id, caches }) => {
    const cache = caches[name];
    return cache === undefined ? [] : [row(printable(id), cache, hasTags)];
  });
}

function row(instance: string, { isServing, statistics }: CacheStatus, hasTags: boolean): readonly string[] {
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
    ...(hasTags ? ['overtaken', 'tagReads'].map((name) => String(of(name))) : []),
  ];
}
