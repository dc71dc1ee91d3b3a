import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';

const folder = resolve('spec/types/programs');
const programs = readdirSync(folder).filter((name) => name.endsWith('.ts'));

/** What a program says in its first line about how it compiles. */
const expected = (name: string): string => readFileSync(join(folder, name), 'utf8').split('\n', 1)[0]!.replace('// ', '');

/** `(line,column) TS2322: message`, the first line of it. */
function complaint({ file, start, code, messageText }: ts.Diagnostic): string {
  const { line, character } = file!.getLineAndCharacterOfPosition(start!);
  return `(${line + 1},${character + 1}) TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')[0]}`;
}

/** The first complaint about each program, `compiles` where there is none. One compilation for all of them: it takes a second or two. */
function compile(experimentalDecorators: boolean): Map<string, string> {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, process.cwd());
  const program = ts.createProgram(
    programs.map((name) => join(folder, name)),
    {
      ...options,
      experimentalDecorators,
      emitDecoratorMetadata: experimentalDecorators,
      noEmit: true,
      incremental: false,
      skipLibCheck: true,
    },
  );
  return new Map(
    programs.map((name) => {
      const source = program.getSourceFile(join(folder, name));
      const [first] = program.getSemanticDiagnostics(source);
      return [name, first === undefined ? 'compiles' : complaint(first)];
    }),
  );
}

for (const [kind, experimentalDecorators] of [
  ['legacy', true],
  ['standard', false],
] as const) {
  describe(`a program with ${kind} decorators`, function () {
    this.timeout(60_000);
    let found: Map<string, string>;

    before(() => {
      found = compile(experimentalDecorators);
    });

    for (const name of programs) {
      it(`${name}: ${expected(name)}`, () => {
        expect(found.get(name)).to.equal(expected(name));
      });
    }
  });
}
