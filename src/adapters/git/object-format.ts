import { join } from 'node:path';
import { readTextIfExists } from '../store/private-files.ts';

/** How a repository names its objects; git-init(1), `--object-format`. */
export type ObjectFormat = 'sha1' | 'sha256';

const EMPTY_TREES: ReadonlySet<string> = new Set([
  '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
]);

/** The format of the repository at `path`, as `git init` wrote it into its configuration. */
export async function objectFormatOf(path: string): Promise<ObjectFormat> {
  const config = (await readTextIfExists(join(path, 'config')).catch(() => undefined)) ?? '';
  return /^\s*objectformat\s*=\s*sha256\s*$/im.test(config) ? 'sha256' : 'sha1';
}

/** Whether a tree has no entry. */
export function isEmptyTree(tree: string): boolean {
  return EMPTY_TREES.has(tree);
}
