import { git, tryGit, type Environment } from './git-command.ts';
import type { GitPlace } from './git-place.ts';
import { inRepository } from './isolation.ts';
import { objectName } from './object-name.ts';
import { KEPT, PUSHED, RESCUED } from './own-refs.ts';

/** A ref on which kugetsu keeps something. */
export interface RescuedRef {
  readonly ref: string;
  readonly commit: string;
  /** When its commit was made, in milliseconds since the epoch. */
  readonly committedMs: number;
  /** The subject of the newest commit that is not kugetsu's own. */
  readonly subject: string;
  /** Whether the commit is kugetsu's own, on top of the one that the work began from. */
  readonly own: boolean;
  /** What the objects take that no branch of origin has, in bytes. */
  readonly bytes: number;
}

const OWN_REFS = [RESCUED, KEPT, PUSHED];
const OWN_COMMIT = /^(?:Work|Index|What git knew of the worktree,|Files as they were on disk,) saved as refs\//;

/**
 * The refs on which a repository has what was saved.
 *
 * @throws AppError `git_failed`
 */
export async function listRescuedRefs(repository: string, env: Environment): Promise<RescuedRef[]> {
  return inRepository({ repository, env, config: [] }, async (at) => {
    const format = '%(refname)%00%(objectname)%00%(committerdate:unix)%00%(subject)%00%(parent)';
    const listed = await git(['for-each-ref', `--format=${format}`, ...OWN_REFS], at);
    const lines = listed.split('\n').filter((line) => line !== '');
    const found: RescuedRef[] = [];
    for (const line of lines) {
      const [ref = '', commit = '', seconds = '', subject = '', parents = ''] = line.split('\0');
      const [parent] = parents.split(' ');
      const own = OWN_COMMIT.test(subject) && parent !== undefined && parent !== '';
      found.push({
        ref,
        commit: objectName(commit),
        committedMs: Number(seconds) * 1000,
        own,
        subject: own ? await subjectOf(parent, at) : subject,
        bytes: await bytesOf(commit, at),
      });
    }
    return found;
  });
}

async function subjectOf(commit: string, at: GitPlace): Promise<string> {
  const { stdout } = await tryGit(['log', '-1', '--format=%s', commit, '--'], at);
  return stdout.trim();
}

async function bytesOf(commit: string, at: GitPlace): Promise<number> {
  const { stdout } = await tryGit(['rev-list', '--disk-usage', '--objects', commit, '--not', '--remotes'], at);
  return Number(stdout.trim()) || 0;
}
