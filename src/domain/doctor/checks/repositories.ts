import { join } from 'node:path';
import { sourceOf } from '../../../adapters/git/bare-repository.ts';
import { isSameEntry, listWorktreeEntries, removeWorktreeEntry } from '../../../adapters/git/worktree-entries.ts';
import { listDirectory } from '../../../adapters/store/directory.ts';
import { plural, pasteQuote } from '../../../util/text.ts';
import { SHORT_LOCK_WAIT_MS, withRepository } from '../../worktrees/repository.ts';
import type { Check, CheckContext } from '../check.ts';
import { fine, mendable, wrong, type Finding } from '../finding.ts';
import { soundSessions } from '../survey.ts';

const NAME = 'repositories';

/** The bare repositories are kugetsu's, can be read, and have no worktrees on record that are gone. */
export const repositoriesCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const { repos } = context.home;
    const paths = (await listDirectory(repos))
      .filter((name) => /^[^.].*\.git$/.test(name))
      .map((name) => join(repos, name));
    const findings = (await Promise.all(paths.map(async (path) => look(context, path)))).flat();
    return findings.length > 0 ? findings : [fine(NAME, plural(paths.length, 'bare repository', 'bare repositories'))];
  },
};

async function look(context: CheckContext, path: string): Promise<Finding[]> {
  const { env, survey, home } = context;
  if ((await sourceOf(path, env)) === undefined) {
    const command = `look at it and move it away: mv ${pasteQuote(path)} /somewhere/else; the next start clones anew`;
    return [wrong('error', NAME, `${path} is no repository that kugetsu can use`, command)];
  }
  // A worktree that an issue misses has a finding of its own.
  const tracked = new Set(soundSessions(survey, home).map(({ worktree_path: worktree }) => worktree));
  const stale = (await listWorktreeEntries(path)).filter((entry) => entry.stale && !tracked.has(entry.path));
  if (stale.length === 0) return [];
  const many = plural(stale.length, 'worktree that is', 'worktrees that are');
  const message = `${path} has ${many} gone on record: ${stale.map((entry) => entry.path).join(', ')}`;
  return [
    mendable('warning', NAME, message, async () => {
      await withRepository(
        path,
        async () => {
          for (const entry of stale) if (await isSameEntry(entry)) await removeWorktreeEntry(entry);
        },
        { waitMs: SHORT_LOCK_WAIT_MS },
      );
      return `took ${many} gone off the record of ${path}`;
    }),
  ];
}
