import { AppError } from '../../util/errors.ts';

/**
 * The name of an object that git printed; gitglossary(7), "object name".
 *
 * @throws AppError `git_failed` when it is none: what git is asked next would mean something else
 */
export function objectName(printed: string): string {
  const name = printed.trim();
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name)) return name;
  throw new AppError('git_failed', 'git was asked for the name of an object, and printed something else', {
    hint: 'kugetsu doctor checks which git is on PATH, and that it works',
  });
}
