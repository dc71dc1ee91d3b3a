import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';

/** Whether a value of this type may be `undefined`, as far as its text says. */
function takesUndefined(type: ts.TypeNode | undefined): boolean {
  if (type === undefined) return true;
  if (ts.isUnionTypeNode(type)) return type.types.some(takesUndefined);
  const { AnyKeyword, NeverKeyword, UndefinedKeyword, UnknownKeyword } = ts.SyntaxKind;
  return [AnyKeyword, NeverKeyword, UndefinedKeyword, UnknownKeyword].includes(type.kind);
}

/** The places of optional members that do not take `undefined`. */
function strictMembers(path: string, text: string): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isMethod = ts.isMethodSignature(node) || ts.isMethodDeclaration(node);
    if (isMethod || ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) || ts.isMappedTypeNode(node)) {
      const isOptional = node.questionToken !== undefined && node.questionToken.kind !== ts.SyntaxKind.MinusToken;
      if (isOptional && (isMethod || !takesUndefined(node.type))) {
        found.push(`${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${node.getText().split('\n')[0]}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** A `tsconfig.json` of `tsc --init` has `exactOptionalPropertyTypes`: there `{ ttl: undefined }` does not fit `{ ttl?: Duration }`. */
describe('every optional property', () => {
  const files = readdirSync('lib', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join('lib', path));

  it('takes undefined', () => {
    expect(files.length).to.be.greaterThan(100);
    expect(files.flatMap((path) => strictMembers(path, readFileSync(path, 'utf8')))).to.deep.equal([]);
  });

  it('would be noticed if it did not', () => {
    const text = 'interface A { a?: 1; b?: 1 | undefined; c?(): void; d?: unknown }\ntype B<T> = { [K in keyof T]?: T[K] };';
    expect(strictMembers('a.ts', text)).to.deep.equal(['a.ts:1 a?: 1;', 'a.ts:1 c?(): void;', 'a.ts:2 { [K in keyof T]?: T[K] }']);
  });
});
