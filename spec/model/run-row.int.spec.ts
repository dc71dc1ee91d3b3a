import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type ModelPrograms, modelPrograms } from '../support/model-programs.js';
import { isAsExpected } from './model-page.js';
import type { Model, ModelRow } from './model-row.js';
import { type Outcome, type RunOptions, runRow } from './run-row.js';

/** Counts up for longer than anybody waits. */
const ENDLESS =
  'byte a, b, c, d; active proctype p() { do :: a < 255 -> a++ :: b < 255 -> b++ :: c < 255 -> c++ :: d < 255 -> d++ :: else -> a = 0 od }';

describe(runRow.name, function () {
  this.timeout(60_000);
  let programs: ModelPrograms;
  let folder: string;

  before(() => {
    programs = modelPrograms();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'inversify-cache-models-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const row: ModelRow = { faults: 'none', flags: {} };
  const model: Model = { name: 'small', about: '', without: '', promises: { '(a<2)': 'C2' }, rows: [row] };

  const outcomeOf = (text: string, options: Partial<RunOptions> = {}, flags: ModelRow['flags'] = {}): Promise<Outcome> => {
    writeFileSync(join(folder, 'small.pml'), text);
    return runRow(model, { ...row, flags }, { programs, folder, ...options });
  };

  it('tells how many states it has visited where every promise holds', async () => {
    const outcome = await outcomeOf(
      'byte a; active proctype p() { do :: a < LIMIT -> a++; assert(a < 2) :: else -> break od }',
      {},
      { LIMIT: 1 },
    );
    expect(outcome.kind).to.equal('held');
    expect(isAsExpected({ model, row, outcome })).to.equal(true);
    expect(isAsExpected({ model, row: { ...row, breaks: 'C2' }, outcome })).to.equal(false);
  });

  it('tells which promise breaks', async () => {
    const outcome = await outcomeOf(
      'byte a; active proctype p() { do :: a < LIMIT -> a++; assert(a < 2) :: else -> break od }',
      {},
      { LIMIT: 5 },
    );
    expect(outcome).to.include({ kind: 'broken', promise: 'C2' });
    expect(isAsExpected({ model, row, outcome })).to.equal(false);
    expect(isAsExpected({ model, row: { ...row, breaks: 'C2' }, outcome })).to.equal(true);
    expect(isAsExpected({ model, row: { ...row, breaks: 'C5' }, outcome })).to.equal(false);
  });

  const failures: readonly (readonly [string, string, Partial<RunOptions>, RegExp])[] = [
    ['that cannot be read', 'active proctype p() { do :: od od }', {}, /^spin: .*syntax error/s],
    ['that stops half way', 'byte a; active proctype p() { a == 1 }', {}, /invalid end state/],
    ['whose failing assertion stands for no promise', 'byte a; active proctype p() { assert(a == 1) }', {}, /assertion violated \(a==1\)/],
    ['that indexes past an array', 'byte a, b[2]; active proctype p() { a = 2; b[a] = 1 }', {}, /array index/],
    ['whose paths are longer than the search goes', ENDLESS, { maximumDepth: 50, timeoutMs: 5_000, memoryMb: 60 }, /./],
    ['that does not fit into the memory', ENDLESS, { memoryMb: 60 }, /memory|MEMLIM/i],
    ['that takes too long', ENDLESS, { timeoutMs: 4_000 }, /took more than 4000 ms/],
  ];
  for (const [what, text, options, why] of failures) {
    it(`fails for a model ${what}, whatever is expected`, async () => {
      const outcome = await outcomeOf(text, options);
      expect(outcome).to.include({ kind: 'failed' });
      expect((outcome as { readonly why: string }).why).to.match(why);
      expect(isAsExpected({ model, row, outcome })).to.equal(false);
      expect(isAsExpected({ model, row: { ...row, breaks: 'C2' }, outcome })).to.equal(false);
    });
  }

  it('fails for a model of which only the longest paths are left out', async () => {
    const text = 'byte a; active proctype p() { do :: a < 100 -> a++ :: else -> break od }';
    expect((await outcomeOf(text)).kind).to.equal('held');
    expect(await outcomeOf(text, { maximumDepth: 50 }))
      .to.include({ kind: 'failed' })
      .and.to.have.property('why')
      .that.matches(/too small/);
  });
});

describe('npm run model', function () {
  this.timeout(60_000);
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  let temporary: string;

  beforeEach(() => {
    temporary = mkdtempSync(join(tmpdir(), 'inversify-cache-models-'));
  });

  afterEach(() => rmSync(temporary, { recursive: true, force: true }));

  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number, output })) };
  };

  it('runs the rows that are asked for, and leaves nothing behind', async () => {
    const { code, output } = await start('--grep', 'filling: late steps: a put that stores its value in one step').ended;
    expect(output).to.match(/^✔ filling: late steps: a put .*: C5 breaks, depth \d+, [\d.]+ s\n\nAll 1 rows came out as they should/);
    expect(code).to.equal(0);
    expect(readdirSync(temporary)).to.deep.equal([]);
  });

  it('ends its programs when it is interrupted, and leaves nothing behind', async () => {
    const { child, ended } = start('--grep', 'coherence');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const { code, output } = await ended;
    expect(output).to.contain('Interrupted: not every row was run.');
    expect(code).to.equal(130);
    expect(readdirSync(temporary)).to.deep.equal([]);
  });
});
