// Sees to it that SPIN and a C compiler are there for the models: found, else installed where that needs no question.
import { spawnSync } from 'node:child_process';
import { asRoot, has } from './server.mjs';

const HELP = 'Install spin and gcc (or clang), so that they are on the PATH, or set SPIN to the path of spin.';

/**
 * @template Programs
 * @param {(env: NodeJS.ProcessEnv) => Programs | undefined} find - as the specs find them.
 * @returns {Programs} their paths.
 * @throws {Error} whose message is fit to be printed: what is missing, and what to do.
 */
export function ensureSpin(find, env = process.env) {
  const found = find(env);
  if (found !== undefined) return found;
  const installer = INSTALLERS.find(({ program }) => has(program, env));
  const command = installer?.command(env);
  if (command === undefined) {
    const why =
      installer === undefined
        ? 'there is no apt-get or brew here to install them'
        : `${installer.program} needs a password to install them`;
    throw new Error(`The models need spin and a C compiler: they are not both on the PATH, and ${why}. ${HELP}`);
  }
  console.log(`Found not both spin and a C compiler on the PATH: installing them with ${installer.program} ...`);
  const { status } = spawnSync(command[0], command.slice(1), { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const installed = status === 0 ? find(env) : undefined;
  if (installed === undefined)
    throw new Error(`The models need spin and a C compiler, and ${installer.program} could not install them. ${HELP}`);
  return installed;
}

// Without recommendations, gcc would come without the headers of the C library.
const APT = `
set -e
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends spin gcc libc6-dev; }
install || { apt-get update && install; }
`;

const INSTALLERS = [
  { program: 'apt-get', command: (env) => asRoot(APT, env) },
  { program: 'brew', command: () => ['brew', 'install', 'spin'] }, // The compiler comes with Homebrew's own tools.
];
