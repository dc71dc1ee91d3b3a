import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../support/programs.js';
import { prometheusPrograms } from '../support/prometheus-programs.js';
import { monitoringFile } from './monitoring-files.js';

/** How often the rules are evaluated, and samples are taken. */
export const STEP_SECONDS = 15;

/** A series as promtool reads it: samples {@link STEP_SECONDS} apart, `_` where there is none, `stale` where it ends. */
export interface InputSeries {
  /** Its name and labels, as PromQL writes them. */
  readonly series: string;
  readonly values: string;
}

/** What a query must answer at a time, in seconds: for each series of the answer its name, its labels and its value. */
export interface ExpectedAnswer {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

/** An alert about a cache in an instance. */
export interface FiredAlert {
  readonly name: string;
  readonly instance: string;
  readonly cache: string;
}

/** Runs promtool in a folder of its own, which holds the files of monitoring/ and these. @throws {Error} with what it printed, if it failed. */
export async function promtool(args: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'inversify-cache-promtool-'));
  try {
    for (const name of ['alerts.yml', 'prometheus.yml']) writeFileSync(join(folder, name), monitoringFile(name));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return await runProgram(prometheusPrograms().promtool, args, { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Evaluates monitoring/alerts.yml over the series. @throws {Error} with expected and actual answers where they differ. */
export async function checkAnswers(series: readonly InputSeries[], answers: readonly ExpectedAnswer[]): Promise<void> {
  const step = `${STEP_SECONDS}s`;
  const test = {
    rule_files: ['alerts.yml'],
    evaluation_interval: step,
    tests: [{ interval: step, input_series: series, promql_expr_test: answers }],
  };
  await promtool(['test', 'rules', 'test.yml'], { 'test.yml': JSON.stringify(test) }); // YAML is JSON and more.
}

/** The alerts that fire at a time, in seconds, or have fired before. */
export const firedUntil = (seconds: number, alerts: readonly FiredAlert[]): ExpectedAnswer => ({
  expr: 'max by (alertname, instance, cache) (max_over_time(ALERTS{alertstate="firing"}[2h]))',
  eval_time: `${seconds}s`,
  exp_samples: alerts.map(({ name, instance, cache }) => ({
    labels: `{alertname="${name}", instance="${instance}", cache="${cache}"}`,
    value: 1,
  })),
});
