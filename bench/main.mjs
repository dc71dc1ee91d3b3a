// `npm run bench`: installs the peers if they are not there as the lock has them, then runs everything. See run.mjs for what it takes.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

if (!isInstalled()) {
  console.log('Installing the peers ...');
  const npm = process.env.npm_execpath === undefined ? ['npm'] : [process.execPath, process.env.npm_execpath];
  const { status } = spawnSync(npm[0], [...npm.slice(1), 'ci', '--prefix', here('.'), '--no-audit', '--no-fund'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
await import('./run.mjs');

function isInstalled() {
  const { packages } = JSON.parse(readFileSync(here('package-lock.json'), 'utf8'));
  return Object.keys(packages)
    .filter((path) => path !== '' && !packages[path].optional)
    .every((path) => {
      try {
        return JSON.parse(readFileSync(here(`${path}/package.json`), 'utf8')).version === packages[path].version;
      } catch {
        return false;
      }
    });
}
