import { expect } from 'chai';
import type { CredentialStore } from '../../samples/gateway/credential-store.js';
import { Refusal } from '../../samples/gateway/refusal.js';
import { TokenService } from '../../samples/gateway/token-service.js';
import type { TokenVerifier } from '../../samples/gateway/token-verifier.js';

describe(TokenService.name, () => {
  /** With a verdict of somebody whose clock is behind ours: to them the token was still good. */
  const serviceWith = (exp: number): TokenService =>
    new TokenService(
      { verify: async () => ({ jti: 'id', sub: 'bob', exp }) } as unknown as TokenVerifier,
      { isTokenRevoked: async () => false } as unknown as CredentialStore,
    );

  it('looks at the end of a token also where the verdict is another’s', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const refusal = await serviceWith(now - 1)
      .accept('token')
      .catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(Refusal).and.include({ status: 401, message: 'This token has expired.' });
    expect(await serviceWith(now + 60).accept('token')).to.include({ subject: 'bob' });
  });
});
