import { expect } from 'chai';
import { firstTexts, RespFrames } from '../../lib/testing/faults/resp-frames.js';

/** Each of RESP 2 and 3, and texts that hold what looks like more of them. */
const FRAMES = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':42\r\n',
  '_\r\n',
  '#t\r\n',
  ',1.5\r\n',
  '(12345678901234567890\r\n',
  '$5\r\nhello\r\n',
  '$0\r\n\r\n',
  '$-1\r\n',
  '$9\r\n\r\n+OK\r\n$3\r\n',
  '=7\r\ntxt:abc\r\n',
  '!5\r\nERR x\r\n',
  '*0\r\n',
  '*-1\r\n',
  '*3\r\n$7\r\nmessage\r\n$5\r\nbooks\r\n$4\r\nDune\r\n',
  '>3\r\n+message\r\n$5\r\nbooks\r\n$-1\r\n',
  '*2\r\n*2\r\n:1\r\n:2\r\n*1\r\n$1\r\na\r\n',
  '%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n',
  '~1\r\n:1\r\n',
  '|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n',
];

describe(RespFrames.name, () => {
  /** The frames of `text`, which comes in packets of `size`. */
  const split = (text: string, size: number, frames = new RespFrames()): { readonly whole: string[]; readonly rest: string } => {
    const whole: string[] = [];
    let rest = '';
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; at += size) {
      for (const piece of frames.split(bytes.subarray(at, at + size))) {
        rest += piece.bytes.toString('latin1');
        if (piece.isEnd) whole.push(rest);
        if (piece.isEnd) rest = '';
      }
    }
    return { whole, rest };
  };

  it('finds the same frames, however the packets are cut', () => {
    const text = FRAMES.join('');
    for (let size = 1; size <= text.length; size += 1)
      expect(split(text, size), `packets of ${size}`).to.deep.equal({ whole: FRAMES, rest: '' });
  });

  it('passes on what is no RESP, as it comes', () => {
    for (const text of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\n+OK\r\n', '*x\r\n', '+no end\n+OK\r\n']) {
      const frames = new RespFrames();
      expect(split(text, 3, frames)).to.deep.equal({ whole: [], rest: text });
      expect(frames.isReadable, text).to.equal(false);
    }
  });

  it('passes on what stops to be RESP, such as the snapshot for a replica', () => {
    const frames = new RespFrames();
    const text = '+FULLRESYNC abc 0\r\n$4\r\nREDI\xfe\xff\xff\n*1\r\n$4\r\nPING\r\n';
    const { whole, rest } = split(text, 2, frames);
    expect(whole.join('') + rest).to.equal(text);
    expect(frames.isReadable).to.equal(false);
  });
});

describe(firstTexts.name, () => {
  const of = (frame: string, count = 3): readonly string[] => firstTexts(Buffer.from(frame), count);

  it('are those of a command or a push', () => {
    expect(of('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nä\r\n')).to.deep.equal(['SET', 'k', 'ä']);
    expect(of('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nä\r\n', 1)).to.deep.equal(['SET']);
  });

  it('are fewer where there are fewer, or where the frame is cut', () => {
    expect(of('+OK\r\n')).to.deep.equal([]);
    expect(of('*2\r\n$3\r\nGET\r\n:1\r\n')).to.deep.equal(['GET']);
    expect(of('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$99\r\nabc')).to.deep.equal(['SET', 'k']);
    expect(of('*3\r\n$3\r\nSET\r\n$1')).to.deep.equal(['SET']);
  });
});
