import type { Backend } from '../support/backend.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { Fleet } from '../support/fleet.js';
import type { LifeNotice } from '../support/life-notice.js';
import { ProcessServer } from '../support/process-server.js';
import type { MakeServer } from '../support/server-handle.js';
import { GATEWAY_NAMES } from './gateway-names.js';
import { GatewayServer } from './gateway-server.js';
import { RateLimits } from './rate-limits.js';

/** What a fleet of gateways is given. */
export interface GatewayFleetOptions {
  /** Of the first gateway; the others take the next ones. `0`: any free ones. */
  readonly port: number;
  /** Of the database. */
  readonly file: string;
  readonly issuer: string;
  readonly upstream: string;
  readonly backend: Backend;
  /** Whether each request is printed. */
  readonly isLogged: boolean;
}

/** Three gateways: processes where there is a Redis between them, else containers of this process. */
export function gatewayFleet({ port, file, issuer, upstream, backend, isLogged }: GatewayFleetOptions): Fleet<LifeNotice> {
  const program = new URL('./server-process.js', import.meta.url);
  const limits = RateLimits.inMemory();
  const log = isLogged ? (line: string): void => console.log(line) : (): void => undefined;
  const asContainer: MakeServer<LifeNotice> = (name, port) =>
    new EmbeddedServer(
      name,
      (instanceId) => new GatewayServer({ name, instanceId, port, file, issuer, upstream, backend: { redis: undefined, limits }, log }),
    );
  const asProcess: MakeServer<LifeNotice> = (name, port, notify) => {
    const args = [name, `${port}`, file, issuer, upstream, isLogged ? 'log' : 'silent'];
    return new ProcessServer<LifeNotice>({ name, program, args, env: backend.env, notify });
  };
  return new Fleet<LifeNotice>(GATEWAY_NAMES, backend.redis === undefined ? asContainer : asProcess, port);
}
