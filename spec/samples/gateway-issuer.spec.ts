import { expect } from 'chai';
import { Issuer } from '../../samples/gateway/issuer.js';
import { TokenVerifier } from '../../samples/gateway/token-verifier.js';

describe(Issuer.name, () => {
  const issuer = new Issuer();

  before(() => issuer.start());

  after(() => issuer.stop());

  it('gives tokens that its keys verify', async () => {
    const response = await fetch(`${issuer.url}/tokens?subject=ann&seconds=60`, { method: 'POST' });
    const { token } = (await response.json()) as any;
    const { sub, exp } = await new TokenVerifier(issuer.url).verify(token);
    expect({ status: response.status, sub }).to.deep.equal({ status: 201, sub: 'ann' });
    expect(exp * 1_000 - Date.now()).to.be.within(1, 60_000);
  });

  for (const [path, status] of [
    ['/tokens', 400],
    ['/tokens?subject=ann&seconds=0', 400],
    ['/tokens?subject=ann&seconds=1e9', 400],
    ['/tokens?subject=ann&seconds=x', 400],
    ['//', 404],
    ['/.well-known/jwks.json', 404],
  ] as const) {
    it(`answers POST ${path} with ${status}`, async () => {
      const response = await fetch(issuer.url + path, { method: 'POST' });
      expect(response.status).to.equal(status);
      expect(await response.json()).to.have.all.keys('error', 'message');
    });
  }
});
