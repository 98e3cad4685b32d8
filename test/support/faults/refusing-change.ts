// Stands in for src/adapters/store/change.ts in the program that the fault suite runs: it tells which changes were tried,
// and from the one that is armed on it refuses them with a system error, as a full disk does, as often as it was told.
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pointName } from './point-name.ts';

interface Armed {
  readonly name: string;
  readonly occurrence: number;
  readonly error: string;
  /** How many changes are refused, that one included. */
  readonly refusals: number;
}

// What each error can happen to.
const MAKING = ['make directory', 'create', 'write', 'append', 'sync', 'rename', 'lock'];
const ANY = [...MAKING, 'set mode', 'touch', 'remove', 'unlock'];
const REFUSED: Readonly<Record<string, { readonly kinds: readonly string[]; readonly words: string }>> = {
  ENOSPC: { kinds: MAKING, words: 'no space left on device' },
  EIO: { kinds: ANY, words: 'i/o error' },
  EROFS: { kinds: ANY, words: 'read-only file system' },
  EACCES: { kinds: ['make directory', 'create', 'rename', 'lock', 'remove', 'unlock'], words: 'permission denied' },
  EMFILE: { kinds: ['create', 'run', 'start'], words: 'too many open files' },
};

const directory = process.env['KUGETSU_FAULTS'] ?? '';
const names = { home: process.env['KUGETSU_FAULTS_HOME'] ?? '', world: process.env['KUGETSU_WORLD'] ?? '' };

export async function change<T>(kind: string, target: string, perform: () => Promise<T>): Promise<T> {
  const error = directory === '' ? undefined : refusal(kind, target);
  if (error === undefined) return perform();
  if (kind === 'write' || kind === 'append') await half(target, perform);
  throw error;
}

function refusal(kind: string, target: string): Error | undefined {
  const name = pointName('before', { kind, target }, names);
  const path = join(directory, 'armed');
  const armed = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Armed) : undefined;
  const code = armed?.error ?? process.env['KUGETSU_FAULTS_ERROR'] ?? 'ENOSPC';
  if (name === undefined || REFUSED[code]?.kinds.includes(kind) !== true) return undefined;
  appendFileSync(join(directory, 'reached'), `${name}\n`);
  if (armed === undefined) return undefined;
  if (!existsSync(join(directory, 'fired'))) {
    if (armed.name !== name || takeNumber('reached') !== armed.occurrence) return undefined;
    writeFileSync(join(directory, 'fired'), `${process.argv.slice(2, 5).join(' ')}\n`);
  }
  if (takeNumber('refused') > armed.refusals) return undefined;
  const message = `${code}: ${REFUSED[code].words}, ${kind} '${target}'`;
  return Object.assign(new Error(message), { code, syscall: kind, path: target });
}

/** A disk that becomes full takes the beginning of what is written. */
async function half(path: string, perform: () => Promise<unknown>): Promise<void> {
  const before = sizeOf(path);
  await perform();
  const after = sizeOf(path);
  if (after > before) truncateSync(path, before + Math.floor((after - before) / 2));
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/** How often something has happened by now, in all processes. */
function takeNumber(what: string): number {
  for (let number = 1; ; number += 1) {
    try {
      mkdirSync(join(directory, `${what}-${number}`));
      return number;
    } catch {
      // Another one was the first there.
    }
  }
}
