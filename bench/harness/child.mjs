// One contestant in a process of its own: makes it, then runs a round each time the parent asks.
import { closeAfter } from './closing.mjs';

const [file, name, options] = process.argv.slice(2);
const make = (await import(file))[name];
const contestant = await make(JSON.parse(options));

process.on('message', async (message) => {
  if (message === 'close') {
    await closeAfter(contestant.close?.());
    return;
  }
  try {
    process.send({ measured: await contestant.round(message.n) });
  } catch (error) {
    process.send({ failed: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit()); // The parent has gone, however it ended.
process.send('ready');
