// Puts the console's page beside the handler that serves it: compiles lib/management/console/*.ts, and copies the rest and uPlot, with its licence.
// `node scripts/console.mjs [build]`: below which folder.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'lib/management/console');

/** @returns {number} the exit code of the compiler. */
export function buildConsole(build) {
  const output = join(build, 'lib/management/console');
  mkdirSync(output, { recursive: true });
  for (const file of readdirSync(source).filter((name) => /\.(html|css|svg)$/.test(name))) {
    copyFileSync(join(source, file), join(output, file));
  }
  const uplot = join(root, 'node_modules/uplot');
  const licence = `/*!\n${readFileSync(join(uplot, 'LICENSE'), 'utf8').trim()}\n*/\n`;
  writeFileSync(join(output, 'uplot.js'), licence + readFileSync(join(uplot, 'dist/uPlot.iife.min.js'), 'utf8'));
  writeFileSync(join(output, 'uplot.css'), licence + readFileSync(join(uplot, 'dist/uPlot.min.css'), 'utf8'));
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', source, '--outDir', output];
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = buildConsole(resolve(root, process.argv[2] ?? 'build'));
