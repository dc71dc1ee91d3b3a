import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a module in a process of its own and resolves with what it printed once it has ended by itself, without an error.
 *
 * @param program - may import the library by `import(LIBRARY)`.
 */
export async function runProgram(program: string): Promise<string> {
  const library = import.meta.resolve('../../lib/index.js');
  const source = `const LIBRARY = ${JSON.stringify(library)};\n${program}`;
  // Packages are found from the working directory, where the modules of the library find them too.
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // One that does not end would outlive the spec: the guard ends it, and the signal fails the expectation.
  const guard = setTimeout(() => child.kill('SIGKILL'), 50_000);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(guard);
  expect({ code, signal, output: code === 0 ? '' : output }).to.deep.equal({ code: 0, signal: null, output: '' });
  return output;
}
