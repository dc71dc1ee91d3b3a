import { expect } from 'chai';
import { AskedCredentials, CredentialsError } from '../../lib/redis/asked-credentials.js';
import { ServerEntry } from '../../lib/redis/server-entry.js';
import { rejectionOf } from '../contract/rejection.js';
import { gate } from '../support/promises.js';

describe(AskedCredentials.name, () => {
  it('asks each time, and passes on no more than user and password', async () => {
    let asked = 0;
    const credentials = new AskedCredentials(async () => ({ username: `u${(asked += 1)}`, password: 'p', token: 't' }), 60_000);
    expect(await Promise.all([credentials.ask(), credentials.ask()])).to.deep.equal([
      { username: 'u1', password: 'p' },
      { username: 'u2', password: 'p' },
    ]);
  });

  it('tells what would end a wait, while something waits', async () => {
    const answer = gate<{ password: string }>();
    const credentials = new AskedCredentials(() => answer.promise, 60_000);
    const asked = credentials.ask();
    expect(credentials.unanswered?.reason).to.equal('`credentials` gave no answer within 60000 ms');
    answer.open({ password: 'p' });
    expect(await asked).to.deep.equal({ password: 'p' });
    expect(credentials.unanswered).to.equal(undefined);
  });

  it('gives up what is under way when it is closed, and asks nothing afterwards', async () => {
    let asked = 0;
    const credentials = new AskedCredentials(() => ((asked += 1), new Promise<never>(() => undefined)), 60_000);
    const refused = rejectionOf(credentials.ask());
    credentials.close();
    for (const error of [await refused, await rejectionOf(credentials.ask())]) {
      expect(error).to.be.instanceOf(CredentialsError);
      expect((error as CredentialsError).reason).to.equal('the instance was stopped');
    }
    expect(asked).to.equal(1);
  });
});

describe(ServerEntry.name, () => {
  const askedFor = (answer: { username?: string; password: string }): AskedCredentials => new AskedCredentials(async () => answer, 60_000);

  it('enters with what `redis` says, or with what is answered', async () => {
    const fixed = { username: 'u', password: 'fixed' };
    expect(await new ServerEntry(fixed).login()).to.deep.equal(fixed);
    expect(await new ServerEntry({ username: null, password: '' }).login()).to.deep.equal({});
    expect(await new ServerEntry(fixed, askedFor({ password: 'now' })).login()).to.deep.equal({ username: 'u', password: 'now' });
    expect(await new ServerEntry(fixed, askedFor({ username: 'v', password: 'now' })).login()).to.deep.equal({
      username: 'v',
      password: 'now',
    });
  });

  it('keeps both secret, and takes a user who waits for a password for a user', async () => {
    const entry = new ServerEntry({ username: 'u', password: 'fixed-one' }, askedFor({ password: 'asked-one' }));
    await entry.login();
    for (const secret of ['fixed-one', 'asked-one']) expect(entry.secrets.isIn(secret)).to.equal(true);
    expect(new ServerEntry({ username: 'app-user' }, askedFor({ password: 'p' })).secrets.isIn('app-user')).to.equal(false);
    expect(new ServerEntry({ username: 'app-user' }).secrets.isIn('app-user')).to.equal(true);
  });
});
