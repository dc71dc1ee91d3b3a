import { expect } from 'chai';
import type { Coherence } from '../../lib/eviction/index.js';
import type { Backend } from '../../lib/instance/backend.js';
import { Connections } from '../../lib/instance/connections.js';
import { resolveOptions } from '../../lib/instance/options.js';

describe(Connections.name, () => {
  /** The connections of an instance with as many primaries, of which each has proven its share this long ago. */
  const over = (ages: readonly (number | undefined)[], refusal?: string): Connections => {
    const backend = { primaries: [], container: {} } as unknown as Backend;
    const coherences = ages.map((age) => ({ provenMs: () => age, refusal }) as unknown as Coherence);
    return new Connections(backend, coherences, resolveOptions({ bound: '2s' }));
  };

  describe('proofOf', () => {
    it('is as old as the oldest proof of all primaries, beside the bound', () => {
      expect(over([20, 700, 3]).proofOf('book')).to.deep.equal({ boundMs: 2_000, provenMs: 700 });
      expect(over([0]).proofOf('book')).to.deep.equal({ boundMs: 2_000, provenMs: 0 });
    });

    it('says nothing of its age before every primary has proven its share', () => {
      expect(over([20, undefined, 3]).proofOf('book')).to.deep.equal({ boundMs: 2_000 });
    });

    it('says that heartbeats are refused while they are', () => {
      expect(over([5_000], 'NOPERM').proofOf('book')).to.deep.equal({ boundMs: 2_000, provenMs: 5_000, isHeartbeatRefused: true });
    });
  });
});
