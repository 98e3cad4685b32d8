import { homedir as systemHome } from 'node:os';

/** The user's home directory: `HOME`, or the one of the user database. */
export function homedir(env: Readonly<Record<string, string | undefined>>): string {
  const home = env['HOME'];
  return home === undefined || home === '' ? systemHome() : home;
}

/** The user that this process acts as; undefined on systems without such numbers. */
export function ownUserId(): number | undefined {
  return process.geteuid?.();
}
