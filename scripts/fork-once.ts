// What kugetsu itself does to fork a base, without opencode: `scripts/bench/base.ts` starts it anew for each measurement.
// Usage: bun scripts/fork-once.ts export|kept DIRECTORY; prints CPU time in milliseconds and peak memory in MiB as JSON.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openKept, writeNewExport } from '../src/adapters/opencode/kept-export.ts';
import { messageCopier } from '../src/adapters/opencode/session-copy.ts';
import { importPieces, readExport, writePieces, type SessionMessage } from '../src/adapters/opencode/session-files.ts';
import { BASE } from './bench/base.ts';

const [what, directory = '.'] = process.argv.slice(2);
const kept = join(directory, 'kept.json');
if (what === 'export') await keepExport();
else await copyKept();
const { user, system } = process.cpuUsage();
const peak = /^VmHWM:\s+(\d+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1];
console.log(JSON.stringify({ cpu: (user + system) / 1000, peak: Number(peak) / 1024 }));

async function keepExport(): Promise<void> {
  const file = await open(join(directory, 'export.json'), 'r');
  const fresh = await writeNewExport(kept, await readExport(file, (json) => json));
  await fresh.keep(1);
  await fresh.close();
  await file.close();
}

async function copyKept(): Promise<void> {
  const source = await openKept(kept, BASE);
  if (source === undefined) throw new Error(`${kept} is no kept export`);
  const { info, messages } = await source.read();
  const copy = messageCopier(info, BASE);
  async function* copied(): AsyncGenerator<SessionMessage> {
    for await (const message of messages) yield* copy(message);
  }
  await writePieces(join(directory, `import-${process.pid}.json`), importPieces({ info, messages: copied() }));
  await source.close();
}
