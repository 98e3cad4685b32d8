import { readdirSync, readFileSync, statSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { unlessRefused } from '../../util/errors.ts';
import { isLooseObject, textOf } from '../../util/loose-object.ts';
import { writeSmall } from '../store/changes.ts';
import { makePrivateDirectory, unlinkFile } from '../store/private-files.ts';
import { bootId, isHere, ownIdentity, type ProcessIdentity } from './process-identity.ts';

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/**
 * 16 hexadecimal digits that stand for a text: FNV-1a, 64 bits. For names that nobody wants to have twice, not against
 * somebody who does; node:crypto takes longer to load than most commands.
 */
export function fingerprint(text: string): string {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return hash.toString(16).padStart(16, '0');
}

// A process of another container or machine is in no process table here. While it answers for something it therefore
// renews a file of its own in a directory that all of them share; nobody else writes that file.

/** How often a heartbeat is renewed, in milliseconds. */
const BEAT_MS = 10_000;
/** How long after the last one a process counts as alive, in milliseconds: five may be missed. */
export const FRESH_MS = 60_000;
/** The heartbeat of a dead process is removed after this, in milliseconds. */
const FORGET_MS = 24 * 60 * 60_000;
const FILE_MODE = 0o600;

/** A heartbeat of a process that cannot be seen from here. */
export interface Beat {
  readonly owner: ProcessIdentity;
  readonly what: string;
  /** When it was renewed last, in milliseconds since the epoch. */
  readonly at: number;
}

interface Found extends Beat {
  readonly uptime: number | undefined;
}

/** When a process was last heard from, and whether that is recent. */
interface LastSign {
  /** Milliseconds since the epoch; undefined when nothing says. */
  readonly at: number | undefined;
  /** How long ago that was, in milliseconds, as far as the clocks agree. */
  readonly ageMs: number | undefined;
  readonly fresh: boolean;
  /** Whether it is from a heartbeat, and not from when the process was written down. */
  readonly beat: boolean;
}

/** What is known of a process by its heartbeat, else by when it was written down as an owner. */
export function lastSignOf(directory: string, owner: ProcessIdentity): LastSign {
  const found = readBeat(beatPath(directory, owner));
  if (found !== undefined) {
    return { at: found.at, ageMs: Date.now() - found.at, fresh: isFresh(found, owner), beat: true };
  }
  const at = Date.parse(owner.since ?? '');
  if (Number.isNaN(at)) return { at: undefined, ageMs: undefined, fresh: false, beat: false };
  return { at, ageMs: Date.now() - at, fresh: isFresh({ at, uptime: undefined }, owner), beat: false };
}

/** The fresh heartbeats of processes that cannot be seen from here. */
export function beatsElsewhere(directory: string): Beat[] {
  return names(directory)
    .map((name) => readBeat(join(directory, name)))
    .filter((found) => found !== undefined)
    .filter((found) => !isHere(found.owner) && isFresh(found, found.owner));
}

/**
 * Renews the heartbeat of this process, at once and from then on, until the returned function is called. One that cannot be
 * written holds up nothing.
 *
 * @param what what this process does, in a few words
 * @param onBeat is called after each but the first
 */
export async function keepBeating(
  directory: string,
  what: string,
  onBeat: () => Promise<void> = async () => undefined,
): Promise<() => Promise<void>> {
  const owner = ownIdentity();
  const path = beatPath(directory, owner);
  let last: Promise<unknown> = beat(directory, path, { ...owner, what });
  await last;
  const timer = setInterval(() => {
    last = beat(directory, path, { ...owner, what })
      .then(onBeat)
      .catch(() => undefined);
  }, BEAT_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await last;
    await unlinkFile(path).catch(unlessRefused);
  };
}

async function beat(directory: string, path: string, content: object): Promise<void> {
  try {
    await makePrivateDirectory(directory);
    await writeSmall(path, `${JSON.stringify({ ...content, uptime: uptime() })}\n`, { mode: FILE_MODE });
    await forgetOld(directory);
  } catch {
    // Without room, or a place, for it, the process is heard of by when it was written down.
  }
}

async function forgetOld(directory: string): Promise<void> {
  for (const name of names(directory)) {
    const path = join(directory, name);
    if (Math.abs(Date.now() - (modifiedAt(path) ?? Date.now())) > FORGET_MS) await unlinkFile(path);
  }
}

function beatPath(directory: string, { boot_id, pid_namespace, pid, process_start }: ProcessIdentity): string {
  return join(directory, fingerprint(JSON.stringify([boot_id, pid_namespace, pid, process_start])));
}

/** The clock may have jumped since; the uptime cannot. Some containers have an uptime of their own, which says nothing. */
function isFresh({ at, uptime: then }: Pick<Found, 'at' | 'uptime'>, { boot_id: boot }: ProcessIdentity): boolean {
  if (Math.abs(Date.now() - at) < FRESH_MS) return true;
  if (then === undefined || boot !== bootId()) return false;
  const seconds = uptime() - then;
  return seconds >= 0 && seconds * 1000 < FRESH_MS;
}

function readBeat(path: string): Found | undefined {
  const at = modifiedAt(path);
  if (at === undefined) return undefined;
  try {
    return { at, ...contentOf(JSON.parse(readFileSync(path, 'utf8'))) };
  } catch {
    return { at, ...contentOf(undefined) };
  }
}

// To queue a task the daemon's is read, for which no schema is worth its loading. One that is being written, or for which
// there was no room, says nothing; its time still does.
function contentOf(value: unknown): Omit<Found, 'at'> {
  const { pid, uptime: then, ...rest } = isLooseObject(value) ? value : {};
  const owner = {
    pid: typeof pid === 'number' ? pid : 0,
    process_start: textOf(rest['process_start']) ?? '',
    boot_id: textOf(rest['boot_id']) ?? bootId(),
    machine: textOf(rest['machine']),
    pid_namespace: textOf(rest['pid_namespace']),
  };
  return { owner, what: textOf(rest['what']) ?? '', uptime: typeof then === 'number' ? then : undefined };
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^[0-9a-f]{16}$/.test(name));
  } catch {
    return [];
  }
}

function modifiedAt(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}
