import type { OutageVerdict } from './outage-verdict.js';
import type { Setting } from './setting.js';

/** What a server answered, and what the database said then. Nothing was written in between. */
export interface Answer {
  readonly server: string;
  readonly setting: Setting;
  readonly stored: Setting;
  /** Whether the server was cut off, and says so: then the answer may be out of date. */
  readonly isDoubtful: boolean;
}

/** When a server had a change. */
export interface Arrival {
  readonly server: string;
  /** By a message to its board, by its cache's eviction, or by the reload after it was cut off. */
  readonly way: 'board' | 'cache' | 'return';
  /** In milliseconds after the database had it, or after the server was let back in; `undefined`: not in time. */
  readonly afterMs: number | undefined;
}

/** What the run has shown. */
export interface Verdict {
  readonly answers: number;
  readonly wrong: readonly Answer[];
  readonly missed: readonly Arrival[];
  /** The longest a change took to a server that was not cut off, in milliseconds. */
  readonly slowestMs: number;
  /** The longest it took one that was; `undefined`: none was. */
  readonly returnMs: number | undefined;
  /** What came of it that the database went away. */
  readonly outage: OutageVerdict;
  /**
   * Whether something was changed and read, every answer that was given without a doubt equals the database, no
   * change was missed, and the outage of the database went well.
   */
  readonly isGood: boolean;
}

/** Whether the answer is that of the database. */
export const isCurrent = ({ setting, stored }: Pick<Answer, 'setting' | 'stored'>): boolean =>
  setting.value === stored.value && setting.version === stored.version;

/** Judges by what was really read. A run that read nothing, or in which nothing arrived, has shown nothing. */
export function judge(answers: readonly Answer[], arrivals: readonly Arrival[], outage: OutageVerdict): Verdict {
  const wrong = answers.filter((answer) => !answer.isDoubtful && !isCurrent(answer));
  const missed = arrivals.filter(({ afterMs }) => afterMs === undefined);
  const slowest = (isReturn: boolean): number | undefined =>
    arrivals
      .filter(({ way }) => (way === 'return') === isReturn)
      .reduce<number | undefined>((most, { afterMs = 0 }) => Math.max(most ?? 0, afterMs), undefined);
  const isGood = answers.length > 0 && arrivals.length > 0 && wrong.length === 0 && missed.length === 0 && outage.isGood;
  return { answers: answers.length, wrong, missed, slowestMs: slowest(false) ?? 0, returnMs: slowest(true), outage, isGood };
}
