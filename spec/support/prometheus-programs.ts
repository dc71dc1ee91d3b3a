import { dirname, join } from 'node:path';
import { locateProgram } from './locate-program.js';

/** Prometheus, and the tool that comes with it and checks rules. */
export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

/**
 * Prometheus is what `PROMETHEUS` names (a path, or a name on the PATH), else `prometheus`. Its `promtool` lies beside it, or on the PATH.
 *
 * @returns their paths, or `undefined` when one of them is missing.
 * @throws {Error} when `PROMETHEUS` is set but names no program.
 */
export function findPrometheusPrograms(env: NodeJS.ProcessEnv = process.env): PrometheusPrograms | undefined {
  const wish = env['PROMETHEUS'] ?? '';
  const prometheus = locateProgram(wish === '' ? 'prometheus' : wish, env);
  if (wish !== '' && prometheus === undefined) throw new Error(`PROMETHEUS is '${wish}', which is no program that can be run.`);
  if (prometheus === undefined) return undefined;
  const promtool = locateProgram(join(dirname(prometheus), 'promtool'), env) ?? locateProgram('promtool', env);
  return promtool === undefined ? undefined : { prometheus, promtool };
}

/**
 * As {@link findPrometheusPrograms}.
 *
 * @throws {Error} when one of them is missing.
 */
export function prometheusPrograms(): PrometheusPrograms {
  const found = findPrometheusPrograms();
  if (found === undefined)
    throw new Error('The specs of monitoring/ need prometheus and promtool. Install prometheus, so that both are on the PATH.');
  return found;
}
