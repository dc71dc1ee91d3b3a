import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.js';

/** What people read, by path relative to the project: the front page in both languages, `CONTRIBUTING.md`, `SECURITY.md`, `docs/`, and what each sample says of itself. */
export function readPages(): ReadonlyMap<string, string> {
  const inside = (folder: string): string[] => readdirSync(join(projectRoot, folder)).map((name) => `${folder}/${name}`);
  const docs = inside('docs').filter((path) => path.endsWith('.md'));
  const samples = inside('samples').map((folder) => `${folder}/README.md`);
  const pages = ['README.md', 'README.ko.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs, ...samples].filter((path) =>
    existsSync(join(projectRoot, path)),
  );
  return new Map(pages.map((path) => [path, readPage(path)]));
}

export function readPage(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8');
}

/** The targets inside this project. Whether the world outside is still there is not for a spec to find out. */
export function linksOf(markdown: string): readonly string[] {
  const links = withoutCode(markdown).matchAll(/\]\(([^()\s]+)\)/g);
  return [...links].map(([, target]) => target!).filter((target) => !/^https?:/.test(target));
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
}
