// `node bench/behaviour/main.mjs [name …]`: puts the questions to the libraries (default: all of them), prints the table, and writes bench/BEHAVIOUR.md when all were asked.
// BENCH_BUILD names the folder of the built library, REDIS_SERVER the server.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import * as bentocache from './libraries/bentocache.mjs';
import * as cacheable from './libraries/cacheable.mjs';
import * as cacheManager from './libraries/cache-manager.mjs';
import * as inversifyCache from './libraries/inversify-cache.mjs';
import * as layeredLoader from './libraries/layered-loader.mjs';
import * as typeCacheable from './libraries/type-cacheable.mjs';
import * as clear from './questions/clear.mjs';
import * as cut from './questions/cut.mjs';
import * as decorators from './questions/decorators.mjs';
import * as many from './questions/many.mjs';
import * as messages from './questions/messages.mjs';
import { inLocal, inRemote } from './questions/overtaken.mjs';
import * as stale from './questions/stale.mjs';
import * as tags from './questions/tags.mjs';

const libraries = {
  bentocache,
  cacheable,
  'layered-loader': layeredLoader,
  'cache-manager': cacheManager,
  'type-cacheable': typeCacheable,
  'inversify-cache': inversifyCache,
};
const questions = [
  decorators,
  messages,
  clear,
  cut,
  inLocal,
  inRemote,
  many.overlapping,
  tags.elsewhere,
  tags.overtaken,
  tags.skewed,
  stale.ended,
  stale.evicted,
  stale.evictedMeanwhile,
];
const here = (path) => new URL(path, import.meta.url);

const unknown = process.argv.slice(2).filter((name) => libraries[name] === undefined);
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. The libraries are ${Object.keys(libraries).join(', ')}.`);
  process.exit(1);
}
const asked = Object.keys(libraries).filter((name) => process.argv.length === 2 || process.argv.includes(name));
const rows = new Map(questions.map((question) => [question, []]));
for (const name of asked) {
  const facts = {};
  for (const question of questions) {
    const answer = await question.observe(libraries[name], facts);
    if (question === messages) facts.messages = answer;
    rows.get(question).push(answer);
    console.log(`${name}: ${question.title}: ${answer}`);
  }
}
const table = [
  `| | ${asked.join(' | ')} |`,
  `| --- | ${asked.map(() => '---').join(' | ')} |`,
  ...questions.map((question) => `| ${question.title} | ${rows.get(question).join(' | ')} |`),
];
console.log(`\n${table.join('\n')}`);
if (process.argv.length === 2) writeFileSync(here('../BEHAVIOUR.md'), await page());
process.exit(0); // Some of them never let go of their timers.

function page() {
  const version = (name) => JSON.parse(readFileSync(here(`../node_modules/${name}/package.json`))).version;
  const server = execFileSync(process.env.REDIS_SERVER ?? 'redis-server', ['--version'], { encoding: 'utf8' });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: here('.'), encoding: 'utf8' }).trim();
  const versions = Object.values(libraries).flatMap(({ packages }) => packages.map((name) => `${name} ${version(name)}`));
  const lines = [
    '# Behaviour',
    '',
    'Written by `node bench/behaviour/main.mjs`, after `npm run build`; the peers are installed by `npm ci --prefix bench`. It sets up two instances of each library on a Redis of their own, each with its own connections and its own L1, and observes what they do.',
    'How each is set up is in [behaviour/libraries](behaviour/libraries), what is done to them in [behaviour/questions](behaviour/questions).',
    '',
    `${new Date().toISOString().slice(0, 10)}, with ${versions.join(', ')} and inversify-cache at commit ${commit}, on Redis ${/v=(\S+)/.exec(server)?.[1] ?? server.trim()} and Node ${process.version}.`,
    '',
    ...table,
    '',
    '## How each line was observed',
    '',
    ...questions.map(({ title, how }) => `- **${title}**: ${how}`),
    '',
    '## How the peers were set up',
    '',
    'Each as its documentation has two tiers and a bus, where it has them. Nothing in what they are shipped with names a remedy for messages missed during a cut; a shorter life in L1 makes it shorter.',
    '',
    ...Object.entries(libraries).flatMap(([name, { remark }]) => (remark === undefined ? [] : [`- **${name}**: ${remark}`])),
    '',
  ];
  return format(lines.join('\n'), { parser: 'markdown', printWidth: 140, singleQuote: true });
}
