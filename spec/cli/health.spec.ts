import { expect } from 'chai';
import { readCommandLine } from '../../lib/cli/command-line.js';
import type { FleetLink } from '../../lib/cli/fleet-link.js';
import { health } from '../../lib/cli/health.js';
import type { InstanceStatus } from '../../lib/fleet/index.js';

const status = (id: string, told: Partial<InstanceStatus>): InstanceStatus => ({
  id,
  namespace: 'cache',
  host: 'here',
  pid: 1,
  startedAt: 1,
  at: 1,
  boundMs: 1_000,
  status: 'degraded',
  links: { command: 'up', subscriber: 'up' },
  caches: {},
  ...told,
});

/** What is printed when these instances answer. */
async function printed(...instances: readonly InstanceStatus[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const link = { watch: { ask: async () => instances.map((each) => ({ status: each, agoMs: 0, isSilent: false, isSelf: false })) } };
  const note = (line: string): void => void lines.push(line);
  await health(readCommandLine(['health']), link as unknown as FleetLink, note, note);
  return lines;
}

describe(health.name, () => {
  it('says that a local tier is bypassed, and which link is down', async () => {
    const caches = { book: { status: 'degraded', isServing: false, statistics: {} } } as const;
    expect(await printed(status('one', { links: { command: 'up', subscriber: 'down' }, caches }))).to.deep.equal([
      'one is degraded: its subscriber link is down; the local tier of book is bypassed',
      '0 of 1 instance is up.',
    ]);
  });

  it('says how many caches an instance has not told of', async () => {
    expect(await printed(status('one', { status: 'up', omittedCaches: 7 }))).to.deep.equal([
      'one has 7 more caches, which do not fit into its status message.',
      '1 of 1 instance is up.',
    ]);
  });

  it('prints nothing that a terminal would obey', async () => {
    const hostile = '\u001b[2J\u202e';
    const caches = { [hostile]: { status: 'down', isServing: false, statistics: {} } } as const;
    const lines = await printed(status(hostile, { links: { [hostile]: 'down' }, caches }));
    expect(lines).to.have.length(2);
    for (const line of lines) expect(line).to.not.match(/[\p{Cc}\p{Cf}]/u);
  });
});
