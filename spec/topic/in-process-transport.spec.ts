import { expect } from 'chai';
import { ChannelTopic, InProcessTransport } from '../../lib/topic/index.js';
import { describeTransportContract, RecordingObserver } from '../contract/transport-contract.js';

let runs = 0;

describeTransportContract(
  InProcessTransport.name,
  () => new InProcessTransport(`contract-${runs}`),
  () => {
    runs += 1;
    return 'spec:';
  },
);

describe(InProcessTransport.name, () => {
  const transports: InProcessTransport[] = [];
  const make = (hub?: string): InProcessTransport => {
    const transport = new InProcessTransport(hub);
    transports.push(transport);
    return transport;
  };

  afterEach(async () => {
    for (const transport of transports.splice(0)) await transport.close();
  });

  it('delivers before publish returns', async () => {
    const observer = new RecordingObserver();
    const transport = make('sync');
    await transport.connect(observer);
    await transport.subscribe([ChannelTopic.of('a')]);
    const published = make('sync').publish('a', 'hello');
    expect(observer.bodies).to.deep.equal(['hello']);
    expect(await published).to.equal(1);
  });

  it('reaches transports of its own hub only', async () => {
    const [mine, other] = [new RecordingObserver(), new RecordingObserver()];
    const [transport, stranger] = [make('one'), make('two')];
    await transport.connect(mine);
    await stranger.connect(other);
    await transport.subscribe([ChannelTopic.of('a')]);
    await stranger.subscribe([ChannelTopic.of('a')]);
    expect(await make('one').publish('a', 'hello')).to.equal(1);
    expect([mine.bodies, other.bodies]).to.deep.equal([['hello'], []]);
  });

  it('names its hub as the endpoint', () => {
    expect([make().endpoint, make('books').endpoint]).to.deep.equal(['in-process:default', 'in-process:books']);
  });
});
