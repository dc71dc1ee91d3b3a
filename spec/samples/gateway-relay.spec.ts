import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sinon from 'sinon';
import type { Authenticator } from '../../samples/gateway/authenticator.js';
import type { Consumer } from '../../samples/gateway/consumer.js';
import { GatewayClient } from '../../samples/gateway/gateway-client.js';
import { RateLimits } from '../../samples/gateway/rate-limits.js';
import { unauthorized } from '../../samples/gateway/refusal.js';
import { Relay } from '../../samples/gateway/relay.js';
import { waitFor } from '../support/wait.js';

describe(Relay.name, () => {
  it('looks again at a credential that was revoked while its socket was let in, when it was in no room yet', async () => {
    const consumer: Consumer = { kind: 'key', id: 'gw_1', owner: 'ann', plan: 'trial', isAdmin: false, revokedBy: 'api-keys:x' };
    const authenticator = {
      admit: async (_address: string, show: () => unknown) => (show(), consumer), // The verdict from before,
      authenticate: async () => Promise.reject(unauthorized('invalid_key', 'This API key is unknown or revoked.')), // and the one of now.
    };
    const relay = new Relay(authenticator as unknown as Authenticator, RateLimits.inMemory());
    const http = createServer();
    const timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }); // What it does once a second does not come.
    await relay.start(http, { join: async () => undefined });
    timers.restore();
    try {
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
      const client = new GatewayClient({ kind: 'key', text: 'gw_1_secret' });
      const socket = await client.connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
      await waitFor(() => socket.disconnected, { what: 'the end of the WebSocket' });
    } finally {
      await relay.stop();
    }
  });
});
