import type { AnswerSource } from '../support/request-trace.js';
import type { Setting } from './setting.js';

/**
 * What a server answered while the database was away, or later with a value from before. All lives had ended by
 * then.
 */
export interface OutageAnswer {
  readonly server: string;
  readonly name: string;
  /** Whether the last known value would do. */
  readonly isStaleAllowed: boolean;
  /** Whether the setting was evicted before, and this server knew. */
  readonly isEvicted: boolean;
  /** `undefined`: the error of the database. */
  readonly setting: Setting | undefined;
  readonly source?: AnswerSource | undefined;
}

/** What the outage of the database has shown. */
export interface OutageVerdict {
  /** How many answers were an entry whose life had ended. */
  readonly stale: number;
  /** How often the servers told of it, with the error. */
  readonly told: number;
  /** How many who wanted no such answer got the error. */
  readonly strict: number;
  /** How many got the error because the setting had been evicted. */
  readonly withheld: number;
  /** An evicted value was served. */
  readonly evicted: readonly OutageAnswer[];
  /** There was a last known value, it would have done, and it was refused. */
  readonly refused: readonly OutageAnswer[];
  /** A value whose life had ended was served to somebody who did not want it. */
  readonly unwanted: readonly OutageAnswer[];
  /** Whether none of these happened, and everything that was to be shown was seen. */
  readonly isGood: boolean;
}

/**
 * Judges by what was really answered. A run in which nothing was stale, or no evicted setting was asked for, has
 * shown nothing.
 *
 * @param told - how many `servedStale` events there were.
 */
export function judgeOutage(answers: readonly OutageAnswer[], told: number): OutageVerdict {
  const isServed = ({ setting }: OutageAnswer): boolean => setting !== undefined;
  const of = (isStaleAllowed: boolean): readonly OutageAnswer[] =>
    answers.filter((answer) => !answer.isEvicted && answer.isStaleAllowed === isStaleAllowed);
  const afterEviction = answers.filter(({ isEvicted }) => isEvicted);
  const evicted = afterEviction.filter(isServed);
  const refused = of(true).filter((answer) => !isServed(answer));
  const unwanted = of(false).filter(isServed);
  const stale = of(true).filter(({ source }) => source === 'stale').length;
  const strict = of(false).length - unwanted.length;
  const withheld = afterEviction.length - evicted.length;
  const isShown = stale > 0 && told > 0 && strict > 0 && withheld > 0;
  const isGood = isShown && evicted.length === 0 && refused.length === 0 && unwanted.length === 0;
  return { stale, told, strict, withheld, evicted, refused, unwanted, isGood };
}
