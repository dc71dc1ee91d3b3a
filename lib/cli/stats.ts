import { printable, printableJson } from '../errors/index.js';
import type { CacheStatus, InstanceStatus } from '../fleet/index.js';
import type { CommandLine } from './command-line.js';
import type { FleetLink } from './fleet-link.js';
import { askInstances } from './instances.js';
import { bytes, counted, milliseconds, table } from './table.js';

/** Only where a cache has tags. */
const OF_TAGS = { headings: ['overtaken', 'tag reads'], figures: ['overtaken', 'tagReads'] };
/** Only where there was such a read, or such a load. */
const OF_FRESHNESS = { headings: ['stale', 'refreshes'], figures: ['servedStale', 'refreshes'] };

const HEADINGS: readonly string[] = [
  ...['', 'state', 'L1 hits', 'L2 hits', 'misses', 'hit ratio', 'loads', 'in L1', 'L1 values'],
  ...['applied', 'lag p99', 'proven', 'in bypass'],
];

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
    const caches = instances.flatMap(({ caches: { [name]: cache } }) => cache ?? []);
    const hasTags = caches.some(({ tags }) => tags === true);
    const hasFreshness = caches.some((cache) => OF_FRESHNESS.figures.some((figure) => figureOf(cache, figure) > 0));
    const more = [...(hasFreshness ? [OF_FRESHNESS] : []), ...(hasTags ? [OF_TAGS] : [])];
    const headings = [printable(name), ...HEADINGS.slice(1), ...more.flatMap((each) => each.headings)];
    const figures = more.flatMap((each) => each.figures);
    if (i > 0) out('');
    for (const text of table([headings, ...rows(name, instances, figures)])) out(text);
  });
}

/** @param more - what is told behind the rest. */
function rows(name: string, instances: readonly InstanceStatus[], more: readonly string[]): readonly (readonly string[])[] {
  return instances.flatMap(({ id, caches }) => {
    const cache = caches[name];
    return cache === undefined ? [] : [row(printable(id), cache, more)];
  });
}

function figureOf({ statistics }: CacheStatus, name: string): number {
  const value = statistics[name];
  return typeof value === 'number' ? value : 0;
}

function row(instance: string, cache: CacheStatus, more: readonly string[]): readonly string[] {
  const { isServing, provenMs, statistics } = cache;
  const of = (name: string): number => figureOf(cache, name);
  const reads = of('localHits') + of('remoteHits') + of('misses');
  const lag = statistics['p99LagMs'];
  return [
    instance,
    isServing ? 'serving' : 'bypass',
    ...['localHits', 'remoteHits', 'misses'].map((name) => String(of(name))),
    reads === 0 ? '-' : `${((100 * (reads - of('misses'))) / reads).toFixed(1)} %`,
    ...['loads', 'localSize'].map((name) => String(of(name))),
    'localBytes' in statistics ? bytes(of('localBytes')) : '-',
    String(of('messagesApplied')),
    milliseconds(typeof lag === 'number' ? lag : undefined),
    milliseconds(provenMs),
    milliseconds(of('bypassTimeMs')),
    ...more.map((name) => String(of(name))),
  ];
}
