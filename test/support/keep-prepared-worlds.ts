import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Before the first test: a place for the worlds that are prepared once. @returns what removes it after the last */
export function setup(): (() => void) | undefined {
  if (process.env['KUGETSU_PREPARED_WORLDS'] !== undefined) return undefined;
  const store = mkdtempSync(join(tmpdir(), 'kugetsu-prepared-'));
  process.env['KUGETSU_PREPARED_WORLDS'] = store;
  return () => rmSync(store, { recursive: true, force: true });
}
