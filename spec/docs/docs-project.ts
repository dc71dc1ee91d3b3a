import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { projectRoot } from '../support/project.js';
import { runProgram } from '../support/programs.js';
import type { CodeBlock } from './code-block.js';
import { exportedNames, freeNames } from './names.js';

/** The root of the compiled sources that these specs are part of. */
const compiledRoot = fileURLToPath(new URL('../..', import.meta.url));

/** What README and the quick start ask for: the options that TypeScript writes into a new project, and these. */
export const INIT = 'npx tsc --init --experimentalDecorators --types node --rootDir src --outDir build';

/** What {@link INIT} writes; `spec/package.int.spec.ts` holds it against the compiler. */
export const COMPILER_OPTIONS = {
  rootDir: 'src',
  outDir: 'build',
  module: 'nodenext',
  target: 'esnext',
  types: ['node'],
  sourceMap: true,
  declaration: true,
  declarationMap: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  strict: true,
  jsx: 'react-jsx',
  verbatimModuleSyntax: true,
  isolatedModules: true,
  noUncheckedSideEffectImports: true,
  moduleDetection: 'force',
  skipLibCheck: true,
  experimentalDecorators: true,
};

/** Where a name comes from that a block uses without importing it, and how it is imported: `type X` if it is a type's. */
interface Origin {
  readonly name: string;
  readonly module: string;
}

/** By the name. */
type Origins = ReadonlyMap<string, Origin>;

/**
 * A project as a user would have it, with the code blocks of the pages as its files: `inversify-cache` is installed in it (the very
 * build the specs run from, entered by the exports of package.json), and so is what the pages' own project has installed.
 *
 * A block whose first line is a comment with a path is that file, and can be imported by others of its page. A block that prints (see
 * {@link outputOf}) is a program. Both stand as they are. Any other is a fragment: `{ … }` is a body that was left out, methods without a
 * class get one, and names that it does not import come from the front door, from inversify, or from the page's cast
 * (`cast/<page>.ts`): what its reader is taken to have at hand.
 */
export class DocsProject {
  readonly #folder: string;
  readonly #files = new Map<CodeBlock, string>();

  constructor(pages: ReadonlyMap<string, readonly CodeBlock[]>) {
    for (const block of [...pages.values()].flat().filter(({ language }) => language === 'ts')) {
      const file = join('pages', block.page.replace(/\.md$/, ''), pathOf(block) ?? `line-${block.line}.ts`);
      if ([...this.#files.values()].includes(file)) throw new Error(`${block.page}:${block.line} gives ${file} a second time.`);
      this.#files.set(block, file);
    }
    this.#folder = mkdtempSync(join(tmpdir(), 'inversify-cache-docs-'));
    this.#install();
    this.#write('package.json', JSON.stringify({ name: 'user', private: true, type: 'module' }));
    const compilerOptions = { ...COMPILER_OPTIONS, rootDir: '.' };
    this.#write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['pages/**/*.ts'] }));
    for (const [block, file] of this.#files) {
      const isWhole = pathOf(block) !== undefined || outputOf(block, pages.get(block.page)!) !== undefined;
      this.#write(file, isWhole ? block.text : complete(block.text, originsFor(block.page)));
    }
  }

  /**
   * Compiles all blocks as one program.
   *
   * @returns the first complaint about each block that has one, with its place in the page.
   * @throws {Error} for a complaint about anything else.
   */
  compile(): ReadonlyMap<CodeBlock, string> {
    const read = ts.readConfigFile(join(this.#folder, 'tsconfig.json'), (path) => ts.sys.readFile(path));
    const { fileNames, options } = ts.parseJsonConfigFileContent(read.config, ts.sys, this.#folder);
    const program = ts.createProgram(fileNames, options);
    const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
    const complaints = new Map<CodeBlock, string>();
    for (const { file, start = 0, messageText } of diagnostics) {
      const message = ts.flattenDiagnosticMessageText(messageText, '\n');
      const [block] = [...this.#files].find(([, path]) => file !== undefined && file.fileName === join(this.#folder, path)) ?? [];
      if (block === undefined) throw new Error(`${file?.fileName}: ${message}`);
      const line = block.line + file!.getLineAndCharacterOfPosition(start).line;
      if (!complaints.has(block)) complaints.set(block, `${block.page}:${line} ${message}`);
    }
    return complaints;
  }

  /** Where the compiled block is. */
  compiled(block: CodeBlock): string {
    return join(this.#folder, 'build', this.#files.get(block)!.replace(/\.ts$/, '.js'));
  }

  /** Where the blocks of a page are, as TypeScript. What is written beside them finds the packages. */
  folderOf(page: string): string {
    return join(this.#folder, 'pages', page.replace(/\.md$/, ''));
  }

  /** Runs a compiled block as a program of its own, and resolves with what it printed. */
  run(block: CodeBlock, env: Readonly<Record<string, string | undefined>>): Promise<string> {
    return runProgram(process.execPath, [this.compiled(block)], { cwd: this.#folder, env });
  }

  /**
   * Runs compiled blocks one after another, in one process that ends with them, whatever they leave open.
   *
   * @returns the stack of the error of each block that failed, by its line.
   */
  async runFragments(blocks: readonly CodeBlock[]): Promise<ReadonlyMap<number, string>> {
    const report = join(this.#folder, 'report.json');
    const driver = `
      import { writeFileSync } from 'node:fs';
      const failures = [];
      for (const [line, file] of ${JSON.stringify(blocks.map((block) => [block.line, this.compiled(block)]))}) {
        try {
          await import(file);
        } catch (error) {
          failures.push([line, String(error?.stack ?? error)]);
        }
      }
      writeFileSync(${JSON.stringify(report)}, JSON.stringify(failures));
      process.exit();`;
    rmSync(report, { force: true });
    await runProgram(process.execPath, ['--enable-source-maps', '--input-type=module', '--eval', driver], {
      cwd: this.#folder,
      env: { REDIS_URL: undefined, REDIS_HOST: undefined },
    });
    return new Map(JSON.parse(readFileSync(report, 'utf8')) as [number, string][]);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #write(file: string, text: string): void {
    mkdirSync(dirname(join(this.#folder, file)), { recursive: true });
    writeFileSync(join(this.#folder, file), text);
  }

  #install(): void {
    const modules = join(this.#folder, 'node_modules');
    const own = join(modules, 'inversify-cache');
    mkdirSync(own, { recursive: true });
    cpSync(join(projectRoot, 'package.json'), join(own, 'package.json'));
    symlinkSync(compiledRoot, join(own, 'build'));
    for (const name of readdirSync(join(projectRoot, 'node_modules'))) {
      if (!name.startsWith('.')) symlinkSync(join(projectRoot, 'node_modules', name), join(modules, name));
    }
  }
}

/** The file that a block says it is: its first line is `// src/main.ts`. */
export function pathOf({ text }: CodeBlock): string | undefined {
  return /^\/\/ ([\w./-]+\.ts)\n/.exec(text)?.[1];
}

/** What a block prints when it is run: the next block of its page, if that says `prints`. */
export function outputOf(block: CodeBlock, blocks: readonly CodeBlock[]): string | undefined {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.remark === 'prints' ? next.text : undefined;
}

/** A fragment as a module. Its lines stay where they were. */
function complete(text: string, origins: Origins): string {
  const withBodies = text.replaceAll('{ … }', '{ return undefined as never; }');
  const module = isModule(withBodies) ? withBodies : `class Example {${withBodies}}`;
  const needed = freeNames(module).filter((name) => origins.has(name));
  return `${needed.map((name) => importOf(origins.get(name)!)).join('')}export {};${module}`;
}

const importOf = ({ name, module }: Origin): string => `import { ${name} } from ${JSON.stringify(module)};`;

/** Whether it can be parsed as it is. Methods without a class cannot. */
function isModule(text: string): boolean {
  const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true, compilerOptions: { experimentalDecorators: true } });
  return diagnostics.length === 0;
}

/** The page's cast comes first: it may have a name that is elsewhere, too. */
function originsFor(page: string): Origins {
  const origins = new Map<string, Origin>();
  const offer = (module: string, declarations: string): void => {
    if (!existsSync(declarations)) return;
    for (const name of exportedNames(readFileSync(declarations, 'utf8'))) {
      const plain = name.replace(/^type /, '');
      if (!origins.has(plain)) origins.set(plain, { name, module });
    }
  };
  const cast = join(compiledRoot, 'spec/docs/cast', basename(page).split('.')[0]!.toLowerCase()); // README.ko.md is README.md.
  offer(`${cast}.js`, `${cast}.d.ts`);
  offer('inversify-cache', join(compiledRoot, 'lib/index.d.ts'));
  for (const name of ['Container', 'inject', 'injectable']) origins.set(name, { name, module: 'inversify' });
  return origins;
}
