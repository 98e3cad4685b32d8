import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The pids of the shared servers that are written down in this home. */
export function serverPids(home: string): number[] {
  const directory = join(home, 'engine');
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.json')) : [];
  return names.map((name) => (JSON.parse(readFileSync(join(directory, name), 'utf8')) as { pid: number }).pid);
}
