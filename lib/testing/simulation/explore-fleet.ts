import { AssertionError } from 'node:assert';
import { CacheConfigurationError, isError, reasonOf } from '../../errors/index.js';
import { checkNames, invalid, simulateWith, type SimulateFleetOptions } from './simulate-fleet.js';
import type { SimulatedFleet } from './simulated-fleet.js';

/** How {@link exploreFleet} explores. */
export interface ExploreFleetOptions extends SimulateFleetOptions {
  /** How many orders are tried. Default: 100. */
  readonly runs?: number | undefined;
  /** With what the orders are chosen, the same each time. Default: 1. */
  readonly seed?: number | undefined;
  /** Repeats one order, as a failure told it. Default: none. */
  readonly path?: string | undefined;
}

/** What can be said of it. */
const KNOWN = ['instances', 'seed', 'wire', 'options', 'runs', 'path'] as const;

/** So many choices of an order are explored; later hops arrive in the order in which they were sent. */
const MOST_CHOICES = 100;

/**
 * The greatest choice that is drawn: more hops are seldom on their way at once. Few choices are soon made
 * smaller.
 */
const GREATEST_CHOICE = 15;

/**
 * Plays a scenario on fleets that differ in the order in which things arrive, until one fails, and then looks
 * for the shortest order that fails. After the scenario, each fleet must be coherent ({@link
 * SimulatedFleet.assertCoherent}). Needs fast-check, an optional peer.
 *
 * The scenario runs once for each order, so what it changes outside of the fleet it must set up itself.
 *
 * @throws {AssertionError} which tells the failure, the seed and path that repeat it, and what happened in
 *   the shortest order found.
 * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` if fast-check is not installed.
 */
export async function exploreFleet(options: ExploreFleetOptions, scenario: (fleet: SimulatedFleet) => Promise<void>): Promise<void> {
  checkNames(options, KNOWN);
  const { runs = 100, seed = 1, path = '' } = options;
  if (!Number.isSafeInteger(runs) || runs < 1) throw invalid('runs', 'a whole number of at least 1', runs);
  if (!Number.isSafeInteger(seed)) throw invalid('seed', 'a whole number', seed);
  if (!/^(\d+(:\d+)*)?$/.test(path)) throw invalid('path', "numbers between colons, as in '2:1:0'", path);
  if (typeof scenario !== 'function')
    throw new CacheConfigurationError('CACHE_OPERATION_INVALID', 'exploreFleet needs a scenario: a function of the fleet.');
  const fc = await fastCheck();
  const play = async (choices: readonly number[]): Promise<void> => {
    let next = 0;
    const choice = (count: number): number => (choices[(next += 1) - 1] ?? 0) % count;
    const fleet = await simulateWith(options, { seed, choice });
    try {
      await scenario(fleet);
      fleet.assertCoherent();
    } catch (error) {
      throw new PlayError(error, fleet.told());
    } finally {
      await fleet.stop();
    }
  };
  const orders = fc.array(fc.nat({ max: GREATEST_CHOICE }), { maxLength: MOST_CHOICES, size: 'max' });
  const outcome = await fc.check(fc.asyncProperty(orders, play), { numRuns: runs, seed, path, endOnFailure: path !== '' });
  if (!outcome.failed) return;
  const { error, told } = outcome.errorInstance as PlayError;
  const repeat = `{ seed: ${outcome.seed}, path: '${outcome.counterexamplePath ?? ''}' }`;
  const found = `It failed in run ${outcome.numRuns} of ${runs}; repeat the shortest order found with ${repeat}.`;
  throw new AssertionError({ message: `${firstLine(error)}\n${found}\n${told}`, stackStartFn: exploreFleet });
}

/** A scenario has failed. */
class PlayError extends Error {
  constructor(
    readonly error: unknown,
    readonly told: string,
  ) {
    super(reasonOf(error));
  }
}

/** Without the schedule, which is told anyway. */
const firstLine = (error: unknown): string => {
  const reason = isError(error) ? error.message : String(error);
  return error instanceof AssertionError ? (reason.split('\nSeed ')[0] as string) : reason;
};

async function fastCheck(): Promise<typeof import('fast-check')> {
  try {
    return await import('fast-check');
  } catch (cause) {
    throw new CacheConfigurationError('CACHE_OPERATION_INVALID', 'exploreFleet needs fast-check, which is not installed.', {
      hint: 'npm install --save-dev fast-check',
      cause,
    });
  }
}
