import { statSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { homedir as systemHome } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** The user's home directory: `HOME`, or the one of the user database. */
export function homedir(env: Readonly<Record<string, string | undefined>>): string {
  const home = env['HOME'];
  return home === undefined || home === '' ? systemHome() : home;
}

/** The user that this process acts as; undefined on systems without such numbers. */
export function ownUserId(): number | undefined {
  return process.geteuid?.();
}

/** The system that this runs on: `linux`, `darwin`, … */
export function platformName(): string {
  return process.platform;
}

/** The number of the user whose process this is; 0 where users have none. */
export function userId(): number {
  return process.getuid?.() ?? 0;
}

/** The first program of this name on a PATH, as the system would find it; undefined when there is none. */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const directory of path.split(delimiter)) {
    const candidate = join(directory === '' ? '.' : directory, name);
    if (await isProgram(candidate)) return candidate;
  }
  return undefined;
}

/** Whether a path is a file that may be run. */
export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** A directory, and the number of the user to whom it belongs. */
interface Owned {
  readonly directory: string;
  readonly uid: number;
}

/** Whose `path` is, or would be if it were made: the owner of the nearest directory that exists. Blocking: every command of root asks. */
export function ownerOf(path: string): Owned {
  try {
    return { directory: path, uid: statSync(path).uid };
  } catch (error) {
    const parent = dirname(path);
    if (parent === path) throw error;
    return ownerOf(parent);
  }
}
