import { join } from 'node:path';
import { sourceOf } from '../../../adapters/git/bare-repository.ts';
import { examineRepository } from '../../../adapters/git/shared/examine.ts';
import { isSameEntry, listWorktreeEntries, removeWorktreeEntry } from '../../../adapters/git/worktree-entries.ts';
import { listDirectory } from '../../../adapters/store/directory.ts';
import { plural, pasteQuote } from '../../../util/text.ts';
import { SHORT_LOCK_WAIT_MS, withRepository, withSoundRepository } from '../../worktrees/repository.ts';
import { type Check, type CheckContext, fine, fixable, note, wrong, type Finding } from '../check.ts';
import { soundSessions } from '../survey.ts';

const NAME = 'repositories';

/** The bare repositories are as kugetsu made them and have no entries for missing worktrees. */
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
  if ((await sourceOf(path)) === undefined) {
    const command = `inspect it and move it away: mv ${pasteQuote(path)} /somewhere/else; the next start clones again`;
    return [wrong('error', NAME, `${path} is not a usable repository`, command)];
  }
  return [...(await madeOtherwise(context, path)), ...(await goneOnRecord(context, path))];
}

/** What an agent, or a git that was killed, has made of it. */
async function madeOtherwise({ env }: CheckContext, path: string): Promise<Finding[]> {
  const deviations = (await examineRepository(path, env)).filter(({ quiet }) => quiet !== true);
  const says = (isFixable: boolean): string =>
    deviations
      .filter(({ fix }) => (fix !== undefined) === isFixable)
      .map(({ what }) => what)
      .join('; ');
  const findings: Finding[] = [];
  if (says(true) !== '') {
    findings.push(
      fixable('warning', NAME, `${path} is not as kugetsu made it: ${says(true)}`, async () =>
        withSoundRepository({ env }, path, async (restored) => restored.join('; '), { waitMs: SHORT_LOCK_WAIT_MS }),
      ),
    );
  }
  if (says(false) !== '') findings.push(note(NAME, `${path} has ${says(false)}`));
  return findings;
}

async function goneOnRecord({ survey, home }: CheckContext, path: string): Promise<Finding[]> {
  // A worktree that an issue misses has a finding of its own.
  const tracked = new Set(soundSessions(survey, home).map(({ worktree_path: worktree }) => worktree));
  const stale = (await listWorktreeEntries(path)).filter((entry) => entry.stale && !tracked.has(entry.path));
  if (stale.length === 0) return [];
  const many = plural(stale.length, 'worktree that is', 'worktrees that are');
  const message = `${path} has entries for ${many} gone: ${stale.map((entry) => entry.path).join(', ')}`;
  return [
    fixable('warning', NAME, message, async () => {
      await withRepository(
        path,
        async () => {
          for (const entry of stale) if (await isSameEntry(entry)) await removeWorktreeEntry(entry);
        },
        { waitMs: SHORT_LOCK_WAIT_MS },
      );
      return `removed from ${path} the entries of ${many} gone`;
    }),
  ];
}
