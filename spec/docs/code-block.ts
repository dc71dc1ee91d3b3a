/** A fenced block of a page: what a reader sees, and how the specs take it. */
export interface CodeBlock {
  /** The page, relative to the project: `docs/decorators.md`. */
  readonly page: string;
  /** The line of the page on which the text of the block begins, counted from 1. */
  readonly line: number;
  /** The first word behind the fence. */
  readonly language: string;
  readonly text: string;
  /** What an HTML comment on the line before the fence says, which readers do not see; `''` where there is none. */
  readonly remark: string;
}

const OPENING = /^( {0,3})(`{3,}|~{3,})\s*(\S*)(.*)$/;
const REMARK = /^<!-- (.*) -->$/;

/**
 * The fenced blocks of a page, in their order.
 *
 * @throws {Error} for a block that is never closed, or that names no language.
 * @see CommonMark, "Fenced code blocks"
 */
export function readCodeBlocks(page: string, markdown: string): readonly CodeBlock[] {
  const lines = markdown.split('\n');
  const blocks: CodeBlock[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = '', fence, language = ''] = OPENING.exec(lines[at]!) ?? [];
    if (fence === undefined) continue;
    if (language === '') throw new Error(`${page}:${at + 1} names no language.`);
    const closing = new RegExp(`^ {0,3}${fence[0]}{${fence.length},}\\s*$`);
    const length = lines.slice(at + 1).findIndex((line) => closing.test(line));
    if (length < 0) throw new Error(`${page}:${at + 1} is never closed.`);
    const text = lines.slice(at + 1, at + 1 + length).map((line) => line.replace(new RegExp(`^ {0,${indent.length}}`), '') + '\n');
    blocks.push({ page, line: at + 2, language, text: text.join(''), remark: REMARK.exec(lines[at - 1] ?? '')?.[1] ?? '' });
    at += length + 1;
  }
  return blocks;
}
