// A process of a fleet, which is told what to do step by step.
import { fork } from 'node:child_process';

/** @param {string} name - of the file of contestants that exports `member` */
export async function startMember(name, options) {
  const file = new URL(`../contestants/${name}`, import.meta.url).href;
  const child = fork(new URL('child.mjs', import.meta.url), [file, 'member', JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = new Promise((_, reject) =>
    child.once('exit', (code) => reject(new Error(`A process of the fleet ended with code ${code}.`))),
  );
  ended.catch(() => undefined);
  const answer = () => Promise.race([new Promise((resolve) => child.once('message', resolve)), ended]);
  await answer();
  return {
    async ask(step) {
      const answered = answer();
      child.send({ n: step });
      const { measured, failed } = await answered;
      if (failed !== undefined) throw new Error(failed);
      return measured;
    },
    close: () => child.connected && child.send('close'),
  };
}
