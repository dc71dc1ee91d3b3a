import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.js';

const page = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** Read from the page, so that what is proven is what is told: the words after `ACL SETUSER <name> on >… resetkeys resetchannels -@all`. */
export function documentedRights(): readonly string[] {
  const [, rights] = /ACL SETUSER books on >\S+ resetkeys resetchannels -@all \\\n([^`]+)\n```/.exec(page('docs/deployment.md')) ?? [];
  return wordsOf(rights);
}

/** What a Redis Cluster takes in place of `~app:*`. */
export function documentedClusterRights(): readonly string[] {
  const [, rights] = /On a Redis Cluster[^`]+`~app:\*`[^`]*```text\n([^`]+)\n```/.exec(page('docs/deployment.md')) ?? [];
  return wordsOf(rights);
}

function wordsOf(rights: string | undefined): readonly string[] {
  if (rights === undefined) throw new Error('The page lists no rights.');
  return rights.split(/[\s\\]+/).filter((right) => right !== '');
}
