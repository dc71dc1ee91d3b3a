import { printable, printableJson } from '../errors/index.js';
import type { HealthStatus } from '../cache/index.js';
import type { CacheStatus, InstanceStatus } from '../fleet/index.js';
import type { CommandLine } from './command-line.js';
import type { FleetLink } from './fleet-link.js';
import { askInstances } from './instances.js';
import { counted } from './table.js';

/** How one instance is. */
interface Condition {
  readonly id: string;
  readonly status: HealthStatus;
  /** In words: why it is not `up`. */
  readonly reasons: readonly string[];
}

/**
 * Tells which instances are not up, and why: for probes.
 *
 * @returns the exit code: `0` if at least one instance answered and all that did are up. With `--cache`, only
 * these caches count, and the instances that have them.
 * @throws {CacheError} when Redis does not answer.
 */
export async function health(
  line: CommandLine,
  link: FleetLink,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const { instances, isComplete } = await askInstances(line, link, complain);
  const conditions = instances.map((status) => conditionOf(status, line.caches)).filter((condition) => condition !== undefined);
  const unwell = conditions.filter(({ status }) => status !== 'up');
  if (line.isJson) for (const condition of conditions) print(printableJson(condition));
  else {
    for (const { id, status, reasons } of unwell)
      print(`${printable(id)} is ${status}: ${reasons.map((each) => printable(each)).join('; ')}`);
    const count = conditions.length;
    if (count > 0) print(`${count - unwell.length} of ${counted(count, 'instance')} ${count === 1 ? 'is' : 'are'} up.`);
  }
  return isComplete && conditions.length > 0 && unwell.length === 0 ? 0 : 1;
}

/** `undefined` for an instance that has none of the wanted caches. */
function conditionOf({ id, status, links, caches }: InstanceStatus, wanted: readonly string[]): Condition | undefined {
  const own = Object.entries(caches).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  if (wanted.length > 0 && own.length === 0) return undefined;
  const unwell = own.filter(([, cache]) => cache.status !== 'up');
  const health = wanted.length === 0 ? status : worstOf(unwell.map(([, cache]) => cache.status));
  if (health === 'up') return { id, status: health, reasons: [] };
  const lost = Object.entries(links).filter(([, link]) => link !== 'up');
  const reasons = [...lost.map(([name, link]) => `its ${name} link is ${link}`), ...unwell.map(([name, cache]) => reasonOf(name, cache))];
  return { id, status: health, reasons: reasons.length > 0 ? reasons : ['it does not say why'] };
}

function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  if (statuses.includes('down')) return 'down';
  return statuses.length > 0 ? 'degraded' : 'up';
}

function reasonOf(name: string, { status, isServing }: CacheStatus): string {
  if (status === 'down') return `${name} is stopped`;
  return isServing ? `evictions of ${name} are not acknowledged` : `the local tier of ${name} is bypassed`;
}
