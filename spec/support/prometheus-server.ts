import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prometheusPrograms } from './prometheus-programs.js';
import { freePort } from './redis-server.js';
import { waitFor } from './wait.js';
import { hasEnded, watch } from './watchdog.js';

/** One series of an answer: its labels, and its newest value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An alert that fires. */
export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * A Prometheus server of the specs' own, on the loopback, on a port of its own and with a folder of its own. However this process
 * ends, the server goes with it, and its folder is removed.
 */
export class PrometheusServer {
  readonly #port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #watchdog: ChildProcess | undefined;
  #log = '';

  private constructor(port: number, folder: string) {
    this.#port = port;
    this.#folder = folder;
    const args = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'];
    // Detached, so that Ctrl-C does not reach the server before the specs have put down what they hold.
    this.#child = spawn(prometheusPrograms().prometheus, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.#child.stderr!.on('data', (chunk: Buffer) => void (this.#log += chunk.toString()));
    this.#child.once('error', ({ message }) => void (this.#log += message));
    if (this.#child.pid !== undefined) this.#watchdog = watch(this.#child.pid, folder);
  }

  /**
   * Starts a server, and resolves once it answers.
   *
   * @param files - `prometheus.yml`, and the files that it names.
   * @throws {Error} when it ends before; the message ends with what it printed.
   */
  static async start(files: Readonly<Record<string, string>>): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'inversify-cache-prometheus-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    for (let attempt = 1; ; attempt += 1) {
      const server = new PrometheusServer(await freePort(), folder);
      await waitFor(() => hasEnded(server.#child) || server.#isReady(), { what: 'Prometheus to be ready', timeoutMs: 60_000, everyMs: 20 });
      if (!hasEnded(server.#child)) return server;
      // Somebody else may have taken the port since it was found free.
      const isTaken = attempt < 5 && server.#log.includes('address already in use');
      await server.stop({ keepFolder: isTaken });
      if (!isTaken) throw new Error(`Prometheus ended before it was ready: ${server.#log.trim()}`);
    }
  }

  /** The answer to an instant query. @throws {Error} with the words of Prometheus, where it cannot be answered. */
  async query(expr: string): Promise<readonly Sample[]> {
    const { result } = (await this.#get(`query?query=${encodeURIComponent(expr)}`)) as { readonly result: readonly any[] };
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** The names of the alerts whose rules were loaded. */
  async alertNames(): Promise<readonly string[]> {
    const { groups } = (await this.#get('rules?type=alert')) as { readonly groups: readonly { readonly rules: readonly any[] }[] };
    return groups.flatMap(({ rules }) => rules.map(({ name }) => name as string));
  }

  /** The alerts that fire. */
  async firing(): Promise<readonly FiringAlert[]> {
    const { alerts } = (await this.#get('alerts')) as { readonly alerts: readonly (FiringAlert & { readonly state: string })[] };
    return alerts.filter(({ state }) => state === 'firing');
  }

  /** Ends it, and removes its folder. Idempotent. */
  async stop({ keepFolder = false } = {}): Promise<void> {
    for (const child of [this.#child, this.#watchdog]) {
      if (child === undefined || hasEnded(child)) continue;
      const closed = once(child, 'close');
      child.kill('SIGKILL'); // There is nothing to be kept.
      await closed;
    }
    if (!keepFolder) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    return (await this.#fetch('-/ready')).ok;
  }

  async #get(path: string): Promise<unknown> {
    const { status, data, error } = (await (await this.#fetch(`api/v1/${path}`)).json()) as any;
    if (status !== 'success') throw new Error(`Prometheus answers to '${decodeURIComponent(path)}': ${error}`);
    return data;
  }

  #fetch(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}/${path}`, { signal: AbortSignal.timeout(30_000) });
  }
}
