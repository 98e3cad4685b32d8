import { join } from 'node:path';
import { placeFile, readTextIfExists } from '../store/private-files.ts';
import { tryGit } from './git-command.ts';
import type { CommandResult } from '../process/run-command.ts';

const FILE = 'kugetsu-head';

/** What a remote's HEAD is: it names a branch, which may not exist; a commit, when it is detached; or nothing. */
export type RemoteHead = { readonly branch: string } | { readonly commit: string } | { readonly none: true };

type Options = Parameters<typeof tryGit>[1];

/** How the question for a remote's HEAD ended, and the answer. */
export interface AskedHead {
  readonly result: CommandResult;
  readonly head: RemoteHead;
}

/** Asks `remote`, a name or a URL, for its HEAD in a separate call, because a fetch does not report it. */
export async function askRemoteHead(remote: string, options: Options): Promise<AskedHead> {
  const result = await tryGit(['ls-remote', '--symref', '--', remote, 'HEAD'], options);
  return { result, head: parseRemoteHead(result.stdout) };
}

/** Reads what `git ls-remote --symref origin HEAD` prints; refs whose names only end in HEAD are none. */
export function parseRemoteHead(text: string): RemoteHead {
  const lines = text.split('\n').filter((line) => line.endsWith('\tHEAD'));
  const branch = lines.map((line) => /^ref: refs\/heads\/(\S+)\t/.exec(line)?.[1]).find((name) => name !== undefined);
  if (branch !== undefined) return { branch };
  const commit = lines.map((line) => /^([0-9a-f]{40,64})\t/.exec(line)?.[1]).find((name) => name !== undefined);
  return commit === undefined ? { none: true } : { commit };
}

/** Notes what origin's HEAD was when `path` was last fetched. Does not wait for the disk: the next start notes it again. */
export async function writeRemoteHead(path: string, head: RemoteHead): Promise<void> {
  const name = 'branch' in head ? `ref: refs/heads/${head.branch}` : 'commit' in head ? head.commit : 'none';
  const text = `${name}\n`;
  if ((await readTextIfExists(join(path, FILE))) !== text) await placeFile(join(path, FILE), text);
}

/** What was noted last; undefined when nothing was. */
export async function readRemoteHead(path: string): Promise<RemoteHead | undefined> {
  const text = await readTextIfExists(join(path, FILE));
  return text === undefined || text.trim() === '' ? undefined : parseRemoteHead(`${text.trim()}\tHEAD`);
}
