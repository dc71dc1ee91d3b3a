import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runProgram } from './programs.js';
import { projectRoot } from './project.js';

/** A script that finds or installs a program, and how it is called. */
export interface EnsureCall {
  /** `scripts/<script>.mjs`, and what it exports. */
  readonly script: string;
  readonly ensure: string;
  /** `spec/support/<finder>.ts`, and what it exports. */
  readonly finder: string;
  readonly find: string;
  /** The environment, beside the PATH. `undefined` takes a variable out. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A machine on which nothing is installed: its PATH is a folder, and its package managers are scripts that note how they were called. */
export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'inversify-cache-machine-'));
  readonly path = join(this.folder, 'bin');
  readonly #calls = join(this.folder, 'calls');
  readonly #lists = join(this.folder, 'lists');

  constructor() {
    mkdirSync(this.path);
    for (const tool of ['sh', 'rm', 'chmod']) symlinkSync(join('/bin', tool), join(this.path, tool));
  }

  /** Puts a program on the PATH. */
  program(name: string, script = ''): void {
    writeFileSync(join(this.path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.path, name), 0o755);
  }

  /**
   * A package manager that notes its calls, and then does what `script` says.
   *
   * @param more - what it notes beside its arguments.
   */
  manager(name: string, script: string, more = ''): void {
    this.program(name, `echo "${name} $*${more}" >> '${this.#calls}'\n${script}`);
  }

  /** An `apt-get` that knows packages once its lists are `updated`, and then does what `install` says. */
  aptGet(updated: boolean, install: string, more = ''): void {
    if (updated) writeFileSync(this.#lists, '');
    this.manager(
      'apt-get',
      `[ "$1" = update ] && { : > '${this.#lists}'; exit 0; }\n[ -e '${this.#lists}' ] || exit 100\n${install}`,
      more,
    );
  }

  /** The shell commands that put programs on the PATH, as an installation does. */
  putting(...names: readonly string[]): string {
    return names.map((name) => `printf '#!/bin/sh\\n' > '${this.path}'/${name}; chmod +x '${this.path}'/${name}`).join('\n');
  }

  /** The calls of the package managers. */
  get noted(): readonly string[] {
    return existsSync(this.#calls) ? readFileSync(this.#calls, 'utf8').trimEnd().split('\n') : [];
  }

  /** Runs the script here, and resolves with the programs that it found or installed, or with what it complained of. */
  async ensure({ script, ensure, finder, find, env }: EnsureCall, uid = 0): Promise<string> {
    const module = pathToFileURL(join(projectRoot, 'scripts', `${script}.mjs`)).href;
    const finders = new URL(`./${finder}.js`, import.meta.url).href;
    const program = `
      process.getuid = () => ${uid};
      const { ${ensure} } = await import(${JSON.stringify(module)});
      const { ${find} } = await import(${JSON.stringify(finders)});
      try { console.log([${ensure}(${find})].flatMap((found) => typeof found === 'string' ? found : Object.values(found)).join(' ')); }
      catch (error) { console.log('Error: ' + error.message); }`;
    const output = await runProgram(process.execPath, ['--input-type=module', '-e', program], {
      cwd: this.folder,
      env: { PATH: this.path, ...env },
    });
    return output.trimEnd().split('\n').at(-1)!;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
