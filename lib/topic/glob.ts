/**
 * A test for Redis' glob dialect: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, and `\` for a literal. Follows
 * `stringmatchlen` of Redis' `util.c`, its corner cases included: a set that is never closed reaches
 * to the end of the pattern, and an empty set matches nothing (negated, it matches any one
 * character). It counts UTF-16 units where Redis counts bytes. The difference shows only when `?` or
 * a set meets a character beyond ASCII.
 */
export function globMatcher(glob: string): (text: string) => boolean {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const char = glob.charAt(at);
    if (char === '*') {
      while (glob.charAt(at + 1) === '*') at++;
      source += '[^]*';
    } else if (char === '?') {
      source += '[^]';
    } else if (char === '[') {
      const set = readSet(glob, at + 1);
      source += set.source;
      at = set.end;
    } else if (char === '\\' && at + 1 < glob.length) {
      source += literal(glob.charAt(++at));
    } else {
      source += literal(char);
    }
  }
  const pattern = new RegExp(`^${source}$`);
  return (text) => pattern.test(text);
}

/**
 * Reads the set that begins at `from`, behind its bracket. `end` is the last character that belongs to it.
 */
function readSet(glob: string, from: number): { readonly source: string; readonly end: number } {
  let at = from;
  const negated = glob.charAt(at) === '^';
  if (negated) at++;
  let members = '';
  for (; at < glob.length && glob.charAt(at) !== ']'; at++) {
    if (glob.charAt(at) === '\\' && at + 1 < glob.length) {
      members += literal(glob.charAt(++at));
    } else if (glob.charAt(at + 1) === '-' && at + 2 < glob.length) {
      const [low, high] = [glob.charAt(at), glob.charAt(at + 2)].sort() as [string, string];
      members += `${literal(low)}-${literal(high)}`;
      at += 2;
    } else {
      members += literal(glob.charAt(at));
    }
  }
  return { source: `[${negated ? '^' : ''}${members}]`, end: Math.min(at, glob.length - 1) };
}

/** The character by its number, so that it has no special meaning in the regular expression. */
const literal = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
