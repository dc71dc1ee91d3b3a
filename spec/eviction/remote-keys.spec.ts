import { expect } from 'chai';
import fc from 'fast-check';
import { inboxOf, ownerOfState, RemoteKeys } from '../../lib/eviction/remote-keys.js';

describe(RemoteKeys.name, () => {
  it('names the keys that operators and other programs see', () => {
    const keys = new RemoteKeys('cache', 'book');
    expect({ ...keys }).to.deep.equal({
      state: 'cache:2:book:state',
      members: 'cache:2:members',
      hosts: 'cache:2:hosts',
      intents: 'cache:2:book:intents',
      tags: 'cache:2:book:tags',
    });
    expect(keys.data('5', 'Dune')).to.equal('cache:2:book:5::Dune');
    expect(keys.lease('5', 'Dune')).to.equal('cache:2:book:5:lease::Dune');
    expect(keys.keyvNamespace('5')).to.equal('cache:2:book:5');
    expect(inboxOf('cache', 'one')).to.equal('cache:inbox:one');
  });

  it('gives no two things the same key, whatever the caches and keys are called', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,6}$/);
    const part = fc.oneof(name, fc.constantFrom('state', 'members', 'hosts', 'lease', 'intents', 'tags', '2', '5', 'book', 'inbox'));
    const key = fc.oneof(fc.string(), fc.constantFrom(':', '::', 'lease::a', ':lease::a', 'intents::a', 'tags', 'a', ''));
    const thing = fc.record({ ns: part, cache: part, gen: fc.constantFrom('5', '6'), key, kind: fc.constantFrom('data', 'lease', 'intents', 'tags', 'state', 'members', 'hosts') }); // prettier-ignore
    const nameOf = ({ ns, cache, gen, key: of, kind }: { ns: string; cache: string; gen: string; key: string; kind: string }): string => {
      const keys = new RemoteKeys(ns, cache);
      return kind === 'data' || kind === 'lease' ? keys[kind](gen, of) : keys[kind as 'state'];
    };
    const ofCache = ['state', 'intents', 'tags'];
    const identity = ({ ns, cache, gen, key: of, kind }: { ns: string; cache: string; gen: string; key: string; kind: string }): string =>
      JSON.stringify(
        kind === 'data' || kind === 'lease' ? [ns, cache, gen, of, kind] : [ns, ...(ofCache.includes(kind) ? [cache] : []), kind],
      );
    fc.assert(
      fc.property(thing, thing, (one, two) => {
        expect(nameOf(one) === nameOf(two)).to.equal(identity(one) === identity(two));
      }),
      { numRuns: 2_000 },
    );
  });

  it('knows the states among all keys', () => {
    expect(ownerOfState(new RemoteKeys('app', 'book').state)).to.deep.equal({ namespace: 'app', cache: 'book' });
    const { members, hosts, ...book } = new RemoteKeys('app', 'state');
    const data = new RemoteKeys('app', 'book').data('5', 'x:state');
    for (const key of [members, hosts, data, 'app:1:book:state', 'state', `${book.state}:state`])
      expect(ownerOfState(key), key).to.equal(undefined);
  });
});
