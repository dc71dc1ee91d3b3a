// Does what docs/bundlers.md says, with the files of that page: each command of each tool, in an empty folder that
// has installed the package and the newest version of the tool. Prints what came of it.
//
//   npm run build && node scripts/try-runners.mjs          all of them: some minutes, and the registry is asked
//   npm run build && node scripts/try-runners.mjs jest     those whose heading contains this
//
// The programs use the Redis of REDIS_URL or REDIS_HOST, if there is one.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'docs/bundlers.md'), 'utf8');
const chosen = (process.argv[2] ?? '').toLowerCase();
const temporary = mkdtempSync(join(tmpdir(), 'inversify-cache-runners-'));

try {
  const { files, output, tries } = read(page);
  const base = join(temporary, 'base');
  install(base);
  const rows = tries.filter(({ heading }) => heading.toLowerCase().includes(chosen)).map((each) => tryOut(each, base, files, output));
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  console.log(`\nNode ${process.versions.node}\n`);
  for (const [heading, versions, outcome] of rows)
    console.log(`${heading.padEnd(widths[0])}  ${versions.padEnd(widths[1])}  ${outcome.split('\n')[0]}`);
  for (const [heading, , outcome] of rows.filter(([, , outcome]) => outcome.includes('\n'))) console.log(`\n${heading}:\n${outcome}`);
  process.exitCode = rows.some(([, , outcome]) => outcome.startsWith('NOT')) ? 1 : 0;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/**
 * The files of the page (TypeScript says its path in its first line, JSON in the line before it), what the program prints, and the tries: the
 * commands under a heading. Text that follows them is what a tool says that does not work.
 */
function read(markdown) {
  const files = new Map();
  const tries = [];
  let output;
  const heading = [];
  for (const [, level, title, before, language, text] of markdown.matchAll(/^(##+) (.*)$|^(.*)\n+```(\w+)\n([^]*?)^```$/gm)) {
    if (level !== undefined) heading.splice(level.length - 2, heading.length, title);
    else if (language === 'ts') files.set(/^\/\/ (\S+)\n/.exec(text)[1], text);
    else if (language === 'json') files.set(/^`(\S+)`:$/.exec(before)[1], text);
    else if (language === 'sh') tries.push({ heading: heading.join(': '), commands: text.replaceAll('\\\n', '').trim().split('\n') });
    else if (before === '<!-- prints -->') output = text;
    else tries.at(-1).complaint = text.trim().split('\n');
  }
  return { files, output, tries };
}

function install(folder) {
  mkdirSync(folder);
  const pack = run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', temporary], root); // It is built already.
  const tarball = readdirSync(temporary).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`The package cannot be packed:\n${pack.all}`);
  const { peerDependencies: peers } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const packages = [join(temporary, tarball), ...['inversify', 'reflect-metadata'].map((name) => `${name}@${peers[name]}`)];
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }');
  const { status, all } = run('npm', ['install', '--no-audit', '--no-fund', ...packages], folder);
  if (status !== 0) throw new Error(`The package cannot be installed:\n${all}`);
}

/** @returns the heading, the versions, and what came of it; with more lines where that is not what the page says. */
function tryOut({ heading, commands, complaint }, base, files, output) {
  const folder = mkdtempSync(join(temporary, 'try-'));
  cpSync(base, folder, { recursive: true });
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const tools = commands.flatMap((command) => (/^npm install --save-dev (.*)$/.exec(command)?.[1] ?? '').split(' ').filter(Boolean));
  const outcome = runAll(commands, folder, complaint, output);
  const versions = tools.map((name) => `${name} ${versionIn(folder, name)}`).join(', ');
  rmSync(folder, { recursive: true, force: true });
  return [heading, versions, outcome];
}

function runAll(commands, folder, complaint, output) {
  for (const [i, command] of commands.entries()) {
    const { status, out, all } = run('sh', ['-c', command], folder);
    if (complaint !== undefined && i === commands.length - 1) {
      const isMet = status !== 0 && complaint.every((line) => all.includes(line));
      return isMet ? `fails, as the page says: ${complaint.join(' … ')}` : `NOT AS THE PAGE SAYS\n${all}`;
    }
    if (status !== 0) return `NOT: \`${command}\` failed\n${all}`;
    const isProgram = /^(node|npx tsx) /.test(command);
    if (isProgram && out !== output) return `NOT: \`${command}\` printed something else\n${all}`;
  }
  return 'works';
}

function versionIn(folder, name) {
  try {
    return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return '?';
  }
}

function run(program, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, out: stdout, all: stdout + stderr };
}
