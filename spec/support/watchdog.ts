import { type ChildProcess, spawn } from 'node:child_process';

/** Whether the process is no more, or never was. */
export function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Kills `pid` and removes `dir` (unless it is `''`) as soon as this process has ended, in whatever way. To be killed once `pid` has ended. */
export function watch(pid: number, dir: string): ChildProcess {
  const script = 'read -r _; kill -9 "$1" 2>/dev/null; [ -z "$2" ] || { sleep 0.2; rm -rf "$2"; }';
  return spawn('/bin/sh', ['-c', script, 'sh', `${pid}`, dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}
