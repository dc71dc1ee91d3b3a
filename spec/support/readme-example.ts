/** The first example of the README: what a user copies, and what they are told to expect. */
export interface ReadmeExample {
  readonly code: string;
  readonly output: string;
}

/**
 * The first `ts` block that uses `@Cacheable`, with the `text` block that follows it.
 *
 * @throws {Error} when the README has no such block, or another block comes between the two.
 */
export function firstExample(readme: string): ReadmeExample {
  const blocks = [...readme.matchAll(/^```(\w*)[^\n]*\n([^]*?)^```$/gm)].map(([, language, text]) => ({ language, text: text ?? '' }));
  const index = blocks.findIndex(({ language, text }) => language === 'ts' && text.includes('@Cacheable'));
  const code = blocks[index];
  const output = blocks[index + 1];
  if (code === undefined) throw new Error('README.md has no ```ts block with @Cacheable.');
  if (output?.language !== 'text') throw new Error('The first example of README.md is not followed by a ```text block with its output.');
  return { code: code.text, output: output.text };
}
