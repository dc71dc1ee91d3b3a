import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.js';

const text = (): string => readFileSync(join(projectRoot, 'docs/deployment.md'), 'utf8');

/** Read from the docs, so that what is proven is what is told: the words after `ACL SETUSER <name> on >… resetkeys resetchannels -@all`. */
export function documentedRights(): readonly string[] {
  const [, rights] = /ACL SETUSER books on >\S+ resetkeys resetchannels -@all \\\n([^`]+)\n```/.exec(text()) ?? [];
  return wordsOf(rights);
}

/** What a Redis Cluster takes in place of `~app:*`. */
export function documentedClusterRights(): readonly string[] {
  const [, rights] = /On a Redis Cluster[^`]+`~app:\*`[^`]*```text\n([^`]+)\n```/.exec(text()) ?? [];
  return wordsOf(rights);
}

function wordsOf(rights: string | undefined): readonly string[] {
  if (rights === undefined) throw new Error('docs/deployment.md lists no rights.');
  return rights.split(/[\s\\]+/).filter((right) => right !== '');
}
