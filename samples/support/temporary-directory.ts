import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Teardown } from './teardown.js';

/** A directory of our own that goes with this process, at the latest. */
export function temporaryDirectory(label: string, teardown: Teardown): string {
  const directory = mkdtempSync(join(tmpdir(), `inversify-cache-${label}-`));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove); // Should we not get as far as the teardown.
  teardown.defer(remove);
  return directory;
}
