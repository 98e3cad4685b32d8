import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { SINGLE_FILE } from '../../scripts/compile.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCES = ['fake-opencode.mjs', 'fake-agent.mjs', 'fake-misbehaviour.mjs', 'fake-knows.mjs', 'fake-serve.mjs'];

/**
 * The path of the fake opencode as a program of its own, which starts three times as fast as Node does. It is compiled
 * when its sources have changed, into `node_modules/.cache`. By another name than opencode's it would be a shim, which is asked
 * for its version each time.
 */
export function fakeProgram(): string {
  const hash = createHash('sha1');
  for (const name of SOURCES) hash.update(readFileSync(join(import.meta.dirname, name)));
  const directory = join(ROOT, 'node_modules', '.cache', 'kugetsu-fake', hash.digest('hex').slice(0, 12));
  const program = join(directory, 'opencode');
  if (existsSync(program)) return program;
  mkdirSync(directory, { recursive: true });
  // Whoever compiles it at the same time puts the same program there.
  const building = join(directory, `.building-${process.pid}`);
  const source = join(import.meta.dirname, SOURCES[0] ?? '');
  execFileSync(join(ROOT, 'node_modules', '.bin', 'bun'), ['build', ...SINGLE_FILE, source, '--outfile', building], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(building, program);
  return program;
}
