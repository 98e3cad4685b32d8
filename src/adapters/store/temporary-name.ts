import { basename, dirname, join } from 'node:path';
import { randomBytes } from '../random.ts';

// Everything that is built beside its place is hidden there and ends in one of these: whoever finds one knows what it was for.
const FILE = /^\..+\.[0-9a-f]{12}\.tmp$/;
const CLONE = /^\.(.+\.git)\.[0-9a-f]{8}\.tmp$/;
const TAKEN = /^\..+\.[0-9a-f]{12}\.pruned$/;
const ANY = /^\..*\.tmp$/;

/** A new path beside `path` for a file or directory that is renamed to it when it is whole. */
export function temporaryBeside(path: string): string {
  return beside(path, 6, 'tmp');
}

/** The same for a repository that is being cloned to `path`. */
export function cloneBeside(path: string): string {
  return beside(path, 4, 'tmp');
}

/** A new path beside `path` for what is taken out of its place to be removed. */
export function takenBeside(path: string): string {
  return beside(path, 6, 'pruned');
}

/** Whether a name is one of {@link temporaryBeside}. */
export function isTemporary(name: string): boolean {
  return FILE.test(name);
}

/** The name of the repository whose clone has this name; undefined when it is not one of {@link cloneBeside}. */
export function repositoryOfClone(name: string): string | undefined {
  return CLONE.exec(name)?.[1];
}

/** Whether a name is one of {@link takenBeside}: then nothing of it has to be saved again. */
export function isTakenAway(name: string): boolean {
  return TAKEN.test(name);
}

/** Whether a name may be that of something that is being built right now. */
export function mayBeBuilding(name: string): boolean {
  return ANY.test(name);
}

function beside(path: string, random: number, ending: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(random).toString('hex')}.${ending}`);
}
