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

/** The system that this runs on: `linux`, `darwin`, … */
export function platformName(): string {
  return process.platform;
}

/** The number of the user whose process this is; 0 where users have none. */
export function userId(): number {
  return process.getuid?.() ?? 0;
}
