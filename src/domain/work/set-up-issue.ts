import { soundMetadata } from '../../adapters/git/isolation.ts';
import { setUpStateOf, type SetUpState } from '../../adapters/git/set-up-state.ts';
import type { Context } from '../context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { repositorySettings } from '../servers/repository-settings.ts';
import { updateIssueSession } from '../sessions/session-store.ts';
import { baseBranch } from '../worktrees/repository.ts';
import type { SetUpPlace, SetUpPlan, SetUpRun } from './set-up-worktree.ts';

/** Sets the worktree of an issue up. Commits that this makes, where nobody had made one, are not the agent's. */
export async function setUp(
  context: Context,
  plan: Partial<SetUpPlan>,
  place: SetUpPlace,
  run: SetUpRun,
): Promise<void> {
  const { setUpWorktree } = await import('./set-up-worktree.ts');
  const { from, to } = await setUpWorktree(context, plan, place, run);
  if (to === undefined || from === to) return;
  await updateIssueSession(context, place.ref, (current) =>
    current.start_commit === from ? { ...current, start_commit: to } : current,
  );
}

/** A branch of origin by its own name. */
export function branchName(ref: string): string {
  return ref.replace(/^refs\/remotes\/origin\//, '');
}

/** The name of the branch from which work on an issue begins in its repository; undefined when that cannot be told. */
export async function baseName(context: Context, ref: string, repository: string): Promise<string | undefined> {
  const found = await baseBranch(context, parseIssueRef(ref), repository).catch(() => undefined);
  return found === undefined ? undefined : branchName(found.ref);
}

interface Again extends SetUpPlace {
  /** The directory of the base session. */
  readonly checkout: string | undefined;
  /** Whether it is asked for. */
  readonly setup: boolean;
}

/** Sets a worktree up that is asked for, or of which the set-up failed or was interrupted. */
export async function setUpAgain(context: Context, { setup, checkout, ...place }: Again, run: SetUpRun): Promise<void> {
  const { ref } = place;
  const state = await setUpStateAt(place);
  if (!setup && state !== 'pending' && state !== 'failed') return;
  const { planSetUp } = await import('./set-up-worktree.ts');
  const settings = await repositorySettings(context, parseIssueRef(ref));
  const plan = await planSetUp(context, { ref, settings, base: checkout }, run);
  if (plan === undefined && setup)
    await run.step.warn(`nothing is set for the set-up; run: kugetsu repo set ${settings.about} setup COMMAND`);
  await setUp(context, plan ?? {}, place, run);
}

/** How far a worktree is set up; undefined when it did not need to be. */
async function setUpStateAt({
  repository,
  path,
}: Pick<SetUpPlace, 'repository' | 'path'>): Promise<SetUpState | undefined> {
  const metadata = await soundMetadata({ repository, worktree: path });
  return metadata === undefined ? undefined : setUpStateOf(metadata);
}
