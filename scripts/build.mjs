// Compiles lib, spec and samples to build/ with TypeScript 6, and the console's page into its place, after removing outputs whose source is gone:
// a deleted spec must not go on being run, nor a deleted file go on being published.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { buildConsole } from './console.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = join(root, 'build');

for (const entry of existsSync(output) ? readdirSync(output, { recursive: true, withFileTypes: true }) : []) {
  const file = join(entry.parentPath, entry.name);
  const [, stem] = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(relative(output, file)) ?? [];
  if (entry.isFile() && stem !== undefined && !existsSync(join(root, `${stem}.ts`))) rmSync(file);
}

// By its path, not as `tsc`: TypeScript 7, which checks the types a second time, would claim that name as well.
const { status, error } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
if (error !== undefined) throw error;
process.exitCode = status === 0 ? buildConsole(output) : (status ?? 1);
