import { usageError } from './errors.ts';

/**
 * The path that a variable of the environment names, with a leading `~` for the home directory: in quotes, in a unit file
 * or in a Dockerfile no shell has replaced it.
 *
 * @throws AppError (usage) for the home directory of somebody else, which only a shell looks up
 */
export function withoutTilde(variable: string, path: string, userHome: string): string {
  if (path === '~' || path.startsWith('~/')) return userHome + path.slice(1);
  if (!path.startsWith('~')) return path;
  throw usageError(
    `${variable}=${path}: ~ stands for the home directory only by itself or before /`,
    `write the whole path, or ./${path} for a directory of that name`,
  );
}
