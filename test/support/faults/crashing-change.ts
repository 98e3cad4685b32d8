// Stands in for src/adapters/store/change.ts in the program that the fault suite runs: it tells which points were reached,
// and ends the process, as kill -9 does, at the one that is armed.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pointName } from './point-name.ts';

const directory = process.env['KUGETSU_FAULTS'] ?? '';
const names = { home: process.env['KUGETSU_FAULTS_HOME'] ?? '', world: process.env['KUGETSU_WORLD'] ?? '' };

export async function change<T>(kind: string, target: string, perform: () => Promise<T>): Promise<T> {
  reach('before', kind, target);
  const result = await perform();
  reach('after', kind, target);
  return result;
}

function reach(when: 'before' | 'after', kind: string, target: string): void {
  if (directory === '') return;
  const name = pointName(when, { kind, target }, names);
  if (name === undefined) return;
  appendFileSync(join(directory, 'reached'), `${name}\n`);
  const path = join(directory, 'armed');
  if (!existsSync(path)) return;
  const armed = JSON.parse(readFileSync(path, 'utf8')) as { readonly name: string; readonly occurrence: number };
  if (armed.name !== name || takeNumber() !== armed.occurrence) return;
  writeFileSync(join(directory, 'fired'), `${process.argv.slice(2, 5).join(' ')}\n`);
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

/** How often the armed point has been reached by now, in all processes. */
function takeNumber(): number {
  for (let number = 1; ; number += 1) {
    try {
      mkdirSync(join(directory, `reached-${number}`));
      return number;
    } catch {
      // Another one was the first there.
    }
  }
}
