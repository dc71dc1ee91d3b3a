import { expect } from 'chai';
import fc from 'fast-check';
import { LEAST_DAMAGED } from '../../lib/eviction/cache-state.js';
import { formatAcknowledgement, parseInbox } from '../../lib/eviction/messages.js';

describe(parseInbox.name, () => {
  it('reads an acknowledgement', () => {
    const acknowledgement = { cache: 'book', seq: 42, from: 'two~0123456789ab' };
    const body = formatAcknowledgement(acknowledgement);
    expect(body).to.equal('{"v":2,"acked":["book",42],"from":"two~0123456789ab"}');
    expect(parseInbox(body)).to.deep.equal(acknowledgement);
  });

  it('reads the echo of a heartbeat', () => {
    expect(parseInbox('{"v":2,"beat":7,"states":"42:1700000000000000:0123456789ab,1:5:a"}')).to.deep.equal({
      beat: 7,
      states: [
        { seq: 42, gen: '1700000000000000', run: '0123456789ab', text: '42:1700000000000000:0123456789ab' },
        { seq: 1, gen: '5', run: 'a', text: '1:5:a' },
      ],
    });
    expect(parseInbox('{"v":2,"beat":1,"states":""}')).to.deep.equal({ beat: 1, states: [] });
  });

  const malformed: Readonly<Record<string, readonly string[]>> = {
    'unknown head': ['', '{', 'beat', 'null', '7', '"text"', '[]', '{}', '{"beat":1,"v":2}'],
    'not JSON': ['{"v":', '{"v":2,'],
    'too deep': [`{"v":${'['.repeat(100_000)}`],
    'unknown version': ['{"v":1,"beat":1,"states":[]}', '{"v":1,"acked":["book",42],"from":"two~0123456789ab"}', '{"v":"2"}'],
    'no state': [
      '{"v":2,"beat":1,"states":","}',
      '{"v":2,"beat":1,"states":"1"}',
      '{"v":2,"beat":1,"states":"1:2"}',
      '{"v":2,"beat":1,"states":"0:2:ab"}',
      '{"v":2,"beat":1,"states":"1:0:ab"}',
      '{"v":2,"beat":1,"states":"-1:2:ab"}',
      '{"v":2,"beat":1,"states":"1:2:"}',
      '{"v":2,"beat":1,"states":"1:2:xy"}',
      '{"v":2,"beat":1,"states":"1:2:ab:3"}',
      '{"v":2,"beat":1,"states":"1:2:ab,"}',
      '{"v":2,"beat":1,"states":"1:2:ab, 1:2:ab"}',
      '{"v":2,"beat":1,"states":"12345678901234567:2:ab"}',
      '{"v":2,"beat":1,"states":"1:2:0123456789abc"}',
      `{"v":2,"beat":1,"states":"1:${LEAST_DAMAGED}:ab"}`,
    ],
    'neither an echo nor an acknowledgement': [
      '{"v":2}',
      '{"v":2,"beat":1}',
      '{"v":2,"beat":"1","states":""}',
      '{"v":2,"beat":1.5,"states":""}',
      '{"v":2,"beat":1e300,"states":""}',
      '{"v":2,"beat":1,"states":[]}',
      '{"v":2,"beat":1,"states":7}',
      '{"v":2,"acked":["book"],"from":"two~0123456789ab"}',
      '{"v":2,"acked":["book","42"],"from":"two~0123456789ab"}',
      '{"v":2,"acked":[1,42],"from":"two~0123456789ab"}',
      '{"v":2,"acked":["book",42]}',
      '{"v":2,"acked":["book",42],"from":"two"}',
    ],
  };
  for (const [reason, bodies] of Object.entries(malformed)) {
    it(`says '${reason}'`, () => {
      for (const body of bodies) expect(parseInbox(body), body).to.deep.equal({ malformed: reason });
    });
  }

  it('never throws', () => {
    const states = fc.oneof(
      fc.array(fc.stringMatching(/^\d{0,3}:?\d{0,17}:?[a-f]*$/)).map((each) => each.join(',')),
      fc.jsonValue(),
    );
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
