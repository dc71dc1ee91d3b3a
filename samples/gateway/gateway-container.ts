import 'reflect-metadata';
import { Container } from 'inversify';
import { type CachingOptions, enableCaching } from '../../lib/index.js';
import { ApiKeyService } from './api-key-service.js';
import { Authenticator } from './authenticator.js';
import { CredentialStore } from './credential-store.js';
import { RateLimits } from './rate-limits.js';
import { Relay } from './relay.js';
import { TokenService } from './token-service.js';
import { TokenVerifier } from './token-verifier.js';

/** What differs from gateway to gateway. */
export interface GatewayContainerOptions {
  readonly store: CredentialStore;
  readonly verifier: TokenVerifier;
  readonly limits: RateLimits;
  /** `undefined`: embedded. */
  readonly redis: CachingOptions['redis'];
  readonly instanceId: string;
}

/** One gateway: its services and its caches. A key lives a minute at most in either tier, should its eviction ever be lost with a process. */
export async function createGatewayContainer({ store, verifier, limits, redis, instanceId }: GatewayContainerOptions): Promise<Container> {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(CredentialStore).toConstantValue(store);
  container.bind(TokenVerifier).toConstantValue(verifier);
  container.bind(RateLimits).toConstantValue(limits);
  container.bind(ApiKeyService).toSelf();
  container.bind(TokenService).toSelf();
  container.bind(Authenticator).toSelf();
  container.bind(Relay).toSelf();
  await enableCaching(container, {
    redis,
    instanceId,
    namespace: 'gateway',
    dynamic: false,
    logger: false, // The sample tells of Redis itself.
    defaults: { ttl: '60s', maximumSize: 10_000 },
    caches: { 'api-keys': {}, 'token-verdicts': {}, 'token-revocations': {} },
  });
  return container;
}
