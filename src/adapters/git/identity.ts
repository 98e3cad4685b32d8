import { dirname } from 'node:path';
import { runCommand } from '../process/run-command.ts';
import type { Environment } from './git-command.ts';

const TIMEOUT_MS = 30_000;

/** Whom git would name as author and committer, or that git is missing or has no identity. */
export type Identity =
  | { readonly state: 'known'; readonly who: string }
  | { readonly state: 'missing' }
  | { readonly state: 'no_git' };

/**
 * Whether git in `directory` can commit for somebody: it is asked itself (git-var(1)), because names come from its
 * configuration, from GIT_AUTHOR_…, GIT_COMMITTER_… and EMAIL, or from the machine. `env` is the whole environment, and
 * its PATH is where git is looked for. No repository above `directory` counts.
 */
export async function gitIdentity(
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Identity> {
  const [author, committer] = await Promise.all(
    ['GIT_AUTHOR_IDENT', 'GIT_COMMITTER_IDENT'].map(async (name) =>
      runCommand({
        command: 'git',
        args: ['var', name],
        cwd: directory,
        env: { ...env, PWD: directory, GIT_CEILING_DIRECTORIES: dirname(directory) },
        timeoutMs: TIMEOUT_MS,
      }),
    ),
  );
  if (author === undefined || committer === undefined || author.startError !== undefined) return { state: 'no_git' };
  if (author.exitCode !== 0 || committer.exitCode !== 0) return { state: 'missing' };
  // The time and the zone stand behind it.
  return { state: 'known', who: committer.stdout.trim().replace(/ \d+ [+-]\d+$/, '') };
}

const NAME = 'kugetsu';

/** By which kugetsu knows its own commits again. */
export const KUGETSU_EMAIL = 'kugetsu@localhost';

/** In whose name kugetsu makes commits: git makes none without. */
export const KUGETSU_IDENTITY: Environment = {
  GIT_AUTHOR_NAME: NAME,
  GIT_AUTHOR_EMAIL: KUGETSU_EMAIL,
  GIT_COMMITTER_NAME: NAME,
  GIT_COMMITTER_EMAIL: KUGETSU_EMAIL,
};
