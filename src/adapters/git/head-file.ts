import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { plainText } from './plain-file.ts';

const HEAD = /^(?:ref: refs\/\S+|[0-9a-f]{40,64})\n?$/;

/**
 * What HEAD of a git directory says, as git would write it; undefined when git could not read it. It may be a link that has
 * the name of a branch: git-config(1), `core.preferSymlinkRefs`.
 */
export async function headIn(directory: string): Promise<string | undefined> {
  const path = join(directory, 'HEAD');
  const target = await readlink(path).catch(() => undefined);
  const head = target === undefined ? await plainText(path) : `ref: ${target}\n`;
  return head !== undefined && HEAD.test(head) ? head : undefined;
}

/** Where HEAD of a git directory was last, by its log: for one that is damaged. Without a log, a branch that has no commit. */
export async function lastHeadIn(directory: string): Promise<string> {
  const log = (await plainText(join(directory, 'logs', 'HEAD'))) ?? '';
  const last = log.trimEnd().split('\n').at(-1) ?? '';
  const [, commit] = /^[0-9a-f]{40,64} ([0-9a-f]{40,64}) /.exec(last) ?? [];
  return `${commit ?? 'ref: refs/heads/kugetsu-none'}\n`;
}
