// Makes the API reference, docs/api, of the docstrings. `--check` changes nothing, and fails unless what would be made is there already.
// Either fails for whatever TypeDoc complains about: a link that leads nowhere, an export without a docstring or with a type that is not exported.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';

const root = fileURLToPath(new URL('..', import.meta.url));
const reference = join(root, 'docs/api');
const made = mkdtempSync(join(tmpdir(), 'inversify-cache-docs-'));

try {
  const args = [join(root, 'node_modules/typedoc/bin/typedoc'), '--logLevel', 'Warn', '--out', made];
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exitCode = 1;
  else if (process.argv.includes('--check')) check();
  else replace();
} finally {
  rmSync(made, { recursive: true, force: true });
}

function check() {
  const [now, then] = [pagesIn(made), pagesIn(reference)];
  const differ = [...new Set([...now.keys(), ...then.keys()])].filter((page) => now.get(page) !== then.get(page));
  if (differ.length === 0) return;
  console.error(
    `docs/api is not what the docstrings say now: ${differ.sort().join(', ')}.\nRun \`npm run docs\`, and look at what it changed.`,
  );
  process.exitCode = 1;
}

function replace() {
  rmSync(reference, { recursive: true, force: true });
  cpSync(made, reference, { recursive: true });
}

/** Texts by path. */
function pagesIn(folder) {
  const pages = new Map();
  let entries = [];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error; // There is none yet.
  }
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = join(entry.parentPath, entry.name);
    pages.set(relative(folder, file), readFileSync(file, 'utf8'));
  }
  return pages;
}
