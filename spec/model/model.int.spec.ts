/**
 * Every row of `npm run model`: the protocol holds as it is, and SPIN finds what breaks without its rules.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ModelPrograms, modelPrograms } from '../support/model-programs.js';
import { projectRoot } from '../support/project.js';
import { isAsExpected, modelPage, type Result, verdictOf } from './model-page.js';
import { flagsOf, type Model, type ModelRow } from './model-row.js';
import { MODELS } from './models.js';
import { runRow, spinVersion } from './run-row.js';

describe('the models of the protocol', function () {
  this.timeout(1_800_000);
  let programs: ModelPrograms;
  const results = new Map<ModelRow, Result>();

  before(() => {
    programs = modelPrograms();
  });

  const resultOf = async (model: Model, row: ModelRow): Promise<Result> => {
    const result = results.get(row) ?? { model, row, outcome: await runRow(model, row, { programs }) };
    results.set(row, result);
    return result;
  };

  for (const model of MODELS) {
    describe(model.name, () => {
      for (const row of model.rows) {
        const what = row.change ?? 'as it is';
        it(`${row.breaks === undefined ? 'holds' : `breaks ${row.breaks}`}: ${what} (${[row.faults, ...flagsOf(row)].join(', ')})`, async () => {
          const result = await resultOf(model, row);
          expect(isAsExpected(result), verdictOf(result.outcome)).to.equal(true);
        });
      }
    });
  }

  // A block of its own, so that it comes after the rows.
  describe('docs/model.md', () => {
    it('says what they give', async () => {
      const all: Result[] = [];
      for (const model of MODELS) for (const row of model.rows) all.push(await resultOf(model, row));
      const version = await spinVersion(programs);
      const page = readFileSync(join(projectRoot, 'docs/model.md'), 'utf8');
      const made = modelPage(all, version);
      // Another version may count the states in another way.
      const fit = page.includes(`${version}.\n`) ? (text: string) => text : withoutNumbers;
      expect(fit(made), 'out of date: run `npm run model`').to.equal(fit(page));
    });
  });
});

/** A page without the numbers of states and steps, the widths of columns, and the version they come from. */
function withoutNumbers(page: string): string {
  return page
    .replace(/Spin Version [\d.]+/, 'Spin')
    .replaceAll(/(?<=\|) +\d+ (?=\|)/g, ' n ')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/-{2,}/g, '--');
}
