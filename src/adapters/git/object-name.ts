import { AppError } from '../../util/errors.ts';

const EMPTY_TREES: ReadonlySet<string> = new Set([
  '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
]);

/**
 * The name of an object that git printed; gitglossary(7), "object name".
 *
 * @throws AppError `git_failed` when it is none: what git is asked next would mean something else
 */
export function objectName(printed: string): string {
  const name = printed.trim();
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name)) return name;
  throw new AppError('git_failed', 'git printed something other than an object name', {
    hint: 'run: kugetsu doctor',
  });
}

/** Whether a tree has no entry. */
export function isEmptyTree(tree: string): boolean {
  return EMPTY_TREES.has(tree);
}
