import type { Painter } from '../support/painter.js';
import type { OutageAnswer, OutageVerdict } from './outage-verdict.js';
import type { Verdict } from './verdict.js';

/** Prints what the run has shown. @returns the exit code: `0` if it is good. */
export function conclude(verdict: Verdict, print: (line: string) => void, paint: Painter): number {
  print('');
  for (const line of verdict.isGood ? praise(verdict) : blame(verdict)) print(paint(verdict.isGood ? 'green' : 'red', line));
  return verdict.isGood ? 0 : 1;
}

function praise({ answers, slowestMs, returnMs, outage: { stale, told, strict, withheld } }: Verdict): readonly string[] {
  const back = returnMs === undefined ? '' : `, and on the server that was cut off ${returnMs.toFixed(1)} ms after it was let back in`;
  return [
    `In force: all ${answers} answers equal the database or say that they may not, and every change was`,
    `on every server within ${slowestMs.toFixed(1)} ms${back}.`,
    `Without the database: ${stale} answers were the last known value (told ${told} times, with the error), and`,
    `${strict} failed that did not allow it. What was evicted was answered to nobody: ${withheld} of ${withheld} failed.`,
  ];
}

function blame({ wrong, missed, answers, outage }: Verdict): readonly string[] {
  return [
    ...wrong.map(
      ({ server, setting, stored }) =>
        `Wrong: ${server} answered ${setting.name} v${setting.version}, the database has v${stored.version}.`,
    ),
    ...missed.map(({ server, way }) => `Missed: ${server} (${way}) did not hear of a change.`),
    ...(answers === 0 ? ['Nothing was read: this has shown nothing.'] : []),
    ...blameOutage(outage),
  ];
}

function blameOutage({ evicted, refused, unwanted, stale, told, strict, withheld }: OutageVerdict): readonly string[] {
  const describe = ({ server, name, setting }: OutageAnswer): string => `${server}, ${name}${setting ? ` v${setting.version}` : ''}`;
  const unseen = [
    [stale, 'no answer was the last known value'],
    [told, 'no server told of one'],
    [strict, 'nobody who wanted no such answer got the error'],
    [withheld, 'no evicted setting was withheld'],
  ] as const;
  return [
    ...evicted.map((answer) => `Evicted, and served: ${describe(answer)}.`),
    ...refused.map((answer) => `Known, and refused: ${describe(answer)}.`),
    ...unwanted.map((answer) => `Not fresh, and served to one who did not want that: ${describe(answer)}.`),
    ...unseen.filter(([count]) => count === 0).map(([, what]) => `Without the database, ${what}.`),
  ];
}
