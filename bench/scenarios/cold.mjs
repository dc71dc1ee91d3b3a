import { fork } from 'node:child_process';

/** Loads per cold key: 1000 callers in one process, then 250 in each of four. */
export async function cold(redis, facts) {
  console.log('\nA cold key');
  const single = await together(redis, 1, 1_000);
  const spread = await together(redis, 4, 250);
  facts.coldSingle = Math.max(...single);
  facts.coldSpread = Math.max(...spread);
  console.log(`  1000 callers in one process: ${single.join(', ')} loads; 250 in each of 4: ${spread.join(', ')} loads`);
  return [
    '## Loads of a cold key',
    '',
    'How often the method (20 ms) ran, for ten keys in turn, all callers at once.',
    '',
    '| | loads of each key |',
    '| --- | --- |',
    `| 1000 callers in one process | ${single.join(', ')} |`,
    `| 250 callers in each of 4 processes | ${spread.join(', ')} |`,
    '',
  ].join('\n');
}

async function together(redis, processes, callers) {
  const options = JSON.stringify({ redis, callers, namespace: `cold-${process.pid}-${processes}` });
  const file = new URL('../contestants/cold.mjs', import.meta.url).href;
  const child = new URL('../harness/child.mjs', import.meta.url);
  const children = Array.from({ length: processes }, () =>
    fork(child, [file, 'ours', options], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  const answer = (one) => new Promise((resolve) => one.once('message', resolve));
  await Promise.all(children.map(answer));
  const loads = [];
  for (let key = 0; key < 10; key += 1) {
    const answers = children.map(answer);
    for (const one of children) one.send({ n: key });
    loads.push((await Promise.all(answers)).reduce((sum, { measured }) => sum + measured.loads, 0));
  }
  for (const one of children) one.send('close');
  return loads;
}
