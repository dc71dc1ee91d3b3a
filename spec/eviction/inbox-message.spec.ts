import { expect } from 'chai';
import fc from 'fast-check';
import { formatAcknowledgement, parseInbox } from '../../lib/eviction/messages.js';

describe(parseInbox.name, () => {
  it('reads an acknowledgement', () => {
    const acknowledgement = { cache: 'book', seq: 42, from: 'two~0123456789ab' };
    const body = formatAcknowledgement(acknowledgement);
    expect(body).to.equal('{"v":1,"acked":["book",42],"from":"two~0123456789ab"}');
    expect(parseInbox(body)).to.deep.equal(acknowledgement);
  });

  it('reads the echo of a heartbeat', () => {
    expect(parseInbox('{"v":1,"beat":7,"states":[["42","1700000000000000"],["0","5"]]}')).to.deep.equal({
      beat: 7,
      states: [
        { seq: 42, gen: '1700000000000000' },
        { seq: 0, gen: '5' },
      ],
    });
    expect(parseInbox('{"v":1,"beat":1,"states":[]}')).to.deep.equal({ beat: 1, states: [] });
  });

  const malformed: Readonly<Record<string, readonly string[]>> = {
    'unknown head': ['', '{', 'beat', 'null', '7', '"text"', '[]', '{}', '{"beat":1,"v":1}'],
    'not JSON': ['{"v":', '{"v":1,'],
    'too deep': [`{"v":${'['.repeat(100_000)}`],
    'unknown version': ['{"v":2,"beat":1,"states":[]}', '{"v":"1"}'],
    'neither an echo nor an acknowledgement': [
      '{"v":1}',
      '{"v":1,"beat":1}',
      '{"v":1,"beat":"1","states":[]}',
      '{"v":1,"beat":1.5,"states":[]}',
      '{"v":1,"beat":1,"states":[["1"]]}',
      '{"v":1,"beat":1,"states":[["1","2","3"]]}',
      '{"v":1,"beat":1,"states":[[1,2]]}',
      '{"v":1,"beat":1,"states":[["-1","2"]]}',
      '{"v":1,"beat":1,"states":[["12345678901234567","2"]]}',
      '{"v":1,"beat":1e300,"states":[]}',
      '{"v":1,"beat":1,"states":[["1","2"],null]}',
      '{"v":1,"acked":["book"],"from":"two~0123456789ab"}',
      '{"v":1,"acked":["book","42"],"from":"two~0123456789ab"}',
      '{"v":1,"acked":[1,42],"from":"two~0123456789ab"}',
      '{"v":1,"acked":["book",42]}',
      '{"v":1,"acked":["book",42],"from":"two"}',
    ],
  };
  for (const [reason, bodies] of Object.entries(malformed)) {
    it(`says '${reason}'`, () => {
      for (const body of bodies) expect(parseInbox(body), body).to.deep.equal({ malformed: reason });
    });
  }

  it('never throws', () => {
    const states = fc.array(fc.oneof(fc.array(fc.oneof(fc.nat().map(String), fc.jsonValue())), fc.jsonValue()));
    const nearly = fc.record({ v: fc.constantFrom(1, 2), beat: fc.jsonValue(), states, acked: fc.jsonValue(), from: fc.jsonValue() });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          nearly.map((value) => JSON.stringify(value)),
        ),
        (body) => {
          expect(parseInbox(body)).to.be.an('object');
        },
      ),
      { numRuns: 500 },
    );
  });
});
