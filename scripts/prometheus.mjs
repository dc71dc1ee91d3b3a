// Sees to it that Prometheus and its promtool are there for the specs of monitoring/: found, else installed where that needs no question.
import { aptWithoutService, asRoot, ensureInstalled } from './installed.mjs';

const APT = aptWithoutService('apt-get install -y --no-install-recommends prometheus', 'prometheus');

const NEED = {
  what: 'The specs of monitoring/ need prometheus and promtool',
  absence: 'they are not both on the PATH',
  found: 'Found not both prometheus and promtool on the PATH',
  pronoun: 'them',
  help: 'Install prometheus, so that both are on the PATH, or set PROMETHEUS to the path of prometheus, with promtool beside it.',
  installers: [
    { program: 'apt-get', command: (env) => asRoot(APT, env) },
    { program: 'brew', command: () => ['brew', 'install', 'prometheus'] },
  ],
};

/**
 * @template Programs
 * @param {(env: NodeJS.ProcessEnv) => Programs | undefined} find - as the specs find them.
 * @returns {Programs} their paths.
 * @throws {Error} whose message is fit to be printed: what is missing, and what to do.
 */
export const ensurePrometheus = (find, env = process.env) => ensureInstalled(find, env, NEED);
