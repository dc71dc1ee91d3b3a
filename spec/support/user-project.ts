import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from './project.js';
import { runNpm, runProgram } from './programs.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Manifest;
export const NO_REDIS = { REDIS_URL: undefined, REDIS_HOST: undefined };

/** An empty project that has installed the packed package beside others, as a user's would. */
export class UserProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'inversify-cache-package-'));

  /**
   * @param dependencies - what it is installed beside, with versions.
   * @param lockFile - which versions their own dependencies have. Default: whatever the registry says.
   */
  async install(dependencies: Readonly<Record<string, string>>, lockFile?: string): Promise<void> {
    let tarball = process.env['PACKAGE_TARBALL']; // `npm test` has packed it already.
    if (tarball === undefined) {
      // Without scripts: `prepack` would clean the very build these specs run from.
      await runNpm(['pack', '--ignore-scripts', '--pack-destination', this.folder], { cwd: projectRoot });
      tarball = join(this.folder, readdirSync(this.folder)[0]!);
    }
    const all = { [manifest.name]: `file:${tarball}`, ...dependencies };
    this.write('package.json', JSON.stringify({ name: 'user', private: true, type: 'module', dependencies: all }));
    if (lockFile !== undefined) copyFileSync(lockFile, join(this.folder, 'package-lock.json'));
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    await runNpm(['install', ...flags], { cwd: this.folder, timeoutMs: 150_000 });
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  /** Runs Node, without Redis if `env` names none. Resolves with what it printed. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return runProgram(process.execPath, args, { cwd: this.folder, env: { ...NO_REDIS, ...env }, timeoutMs: 60_000 });
  }

  /** The compiler, in place of `npx tsc`. */
  compile(...flags: readonly string[]): Promise<string> {
    return this.run([join(projectRoot, 'node_modules/typescript/bin/tsc'), ...flags]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
