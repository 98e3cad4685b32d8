import type { OnTransfer } from '../../adapters/git/bare-repository.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plural } from '../../util/text.ts';
import type { Context } from '../queue/context.ts';
import { branchOf, isBranchOf, parseIssueRef } from '../issues/issue-ref.ts';
import type { Workplace } from './assignment.ts';
import { saver } from './keep-work.ts';
import { makeFork, withFork, type Fork } from './make-fork.ts';
import type { Stepper } from '../runs/run-log.ts';
import { repositorySettings } from '../servers/repository-settings.ts';
import { branchName, setUp } from './set-up-issue.ts';
import { removed, requireSession } from './prepare-continue.ts';
import { planSetUp, type SetUpPlace, type SetUpRun } from './set-up-worktree.ts';
import { makeIssueWorktree } from '../worktrees/issue-worktree.ts';
import type { WantedBegin } from '../worktrees/where-work-begins.ts';
import { readBase, readName, readSoundIssueSessions } from '../sessions/read-sessions.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { baseDirectory } from '../sessions/take-over.ts';
import { updateIssueSession } from '../sessions/session-store.ts';

/** How often a run's log is told how far git is, in milliseconds. */
const TELL_EVERY_MS = 1000;

/** An issue that is made ready for its agent. */
interface Preparation {
  readonly context: Context;
  readonly ref: string;
  readonly step: Stepper;
}

/** What only a start has. */
interface Start {
  readonly ref: string;
  readonly fresh: boolean;
  readonly from?: string | undefined;
  readonly pr?: number | undefined;
}

/**
 * A clean worktree, set up as the user wants it, and a fork of the base session that lives in it. The fork needs no more than
 * the directory, so it is made while git writes the files and the set-up runs. When the worktree or the fork fails, the other
 * one has ended before that is said, and no session of a worktree that is not there remains; when the set-up fails, both stay.
 */
export async function prepareStart(context: Context, start: Start, run: SetUpRun): Promise<Workplace> {
  const { ref } = start;
  const preparation = { context, ref, step: run.step };
  const base = await readBase(context);
  if (base === undefined)
    throw new AppError('base_session_missing', 'the base session is gone', {
      hint: 'run: kugetsu init',
      exit: EXIT.notReady,
    });
  const settings = await repositorySettings(context, parseIssueRef(ref));
  const mainCheckout = await baseDirectory(context, base);
  const plan = await planSetUp(context, { ref, settings, base: mainCheckout }, run);
  let onAdded: (path: string) => void = () => undefined;
  const added = new Promise<string>((resolve) => {
    onAdded = resolve;
  });
  const prefix = settings.branch_prefix;
  const making = makeWorktree(preparation, { ...start, prefix, isPending: plan !== undefined, onAdded });
  const directory = making.then(({ path }) => path);
  // Whoever waits for the directory of a worktree that fails before it has one learns of the failure.
  const forking = makeFork(preparation, base, { directory: Promise.race([added, directory]), whole: making });
  const forkFailed = new AbortController();
  const signal = AbortSignal.any([run.signal, forkFailed.signal]);
  const settingUp = making.then(async (place) =>
    plan === undefined ? undefined : setUp(context, plan, place, { ...run, signal }),
  );
  settingUp.catch(() => undefined);
  const model = settings.model ?? base.model ?? null;
  try {
    const [, fork] = await bothOf(context, directory, forking);
    await updateIssueSession(context, ref, (current) => withFork(current, fork, model));
    await settingUp;
    const { path, base: begun } = await making;
    return { ...fork, directory: path, model: model ?? undefined, mainCheckout, base: begun };
  } catch (error) {
    forkFailed.abort(error);
    await settingUp.catch(() => undefined);
    throw error;
  }
}

/** @returns the worktree, when all files are in it */
async function makeWorktree(
  { context, ref, step }: Preparation,
  request: Start & {
    readonly prefix: string | undefined;
    readonly isPending: boolean;
    readonly onAdded: (path: string) => void;
  },
): Promise<SetUpPlace> {
  const done = step.begin('worktree');
  const before = await requireSession(context, ref);
  const name = await requireName(context, ref);
  const worktree = await makeIssueWorktree(context, {
    ...request,
    ref: parseIssueRef(ref),
    ...branchesFor(before, request),
    ownerOf: await ownersOfBranches(context, ref),
    name,
    previousRepository: before.repository,
    onTransfer: transferTeller(context, step),
    onSaved: saver(context, ref, step),
    onPlace: async ({ path: worktree_path, repository, branch, pullRequest }) => {
      const place = { worktree_path, repository, branch, pull_request: pullRequest };
      await updateIssueSession(context, ref, (current) => ({ ...current, ...place }));
    },
    onAdded(path) {
      step.check();
      request.onAdded(path);
    },
  });
  const { path, repository, branch, startCommit, pushed, how, notes } = worktree;
  for (const note of notes) await step.warn(note);
  if (pushed !== undefined) {
    const what = `${pushed.name} (${plural(pushed.commits, 'commit')}, ${pushed.tip.slice(0, 10)})`;
    await step.warn(`starts from ${what}, which was pushed earlier; --fresh starts from the default branch`);
  }
  await done(`${path} on ${branch} (repository ${how})`);
  await updateIssueSession(context, ref, (current) => ({
    ...current,
    worktree_path: path,
    repository,
    branch,
    start_commit: startCommit,
  }));
  return { ref, path, repository, branch, base: branchName(worktree.base) };
}

/** An issue that has a worktree keeps its branch. One on that of a pull request goes on there, unless it is to begin elsewhere. */
function branchesFor(
  { issue_ref: ref, worktree_path: path, branch, pull_request: pullRequest }: IssueSession,
  { fresh, prefix }: Pick<Start, 'fresh'> & { readonly prefix: string | undefined },
): Pick<WantedBegin, 'branch' | 'request'> {
  const issue = parseIssueRef(ref);
  if (pullRequest === undefined && path !== null && isBranchOf(issue, branch)) return { branch };
  const own = branchOf(issue, prefix);
  return pullRequest === undefined || fresh ? { branch: own } : { branch: own, request: { branch, pullRequest } };
}

/** Whose a branch of a repository is, of all issues but this one. */
async function ownersOfBranches(
  context: Context,
  ref: string,
): Promise<(repository: string, branch: string) => string | undefined> {
  // Without the lock: with it, they would be as old by the time that this is asked.
  const sessions = await readSoundIssueSessions(context);
  const others = sessions.filter((session) => session.issue_ref !== ref && session.worktree_path !== null);
  return (repository, branch) =>
    others.find((session) => session.repository === repository && session.branch === branch)?.issue_ref;
}

/** Waits for the end of both. @throws why there is no worktree, or else why there is no fork */
async function bothOf(context: Context, making: Promise<string>, forking: Promise<Fork>): Promise<[string, Fork]> {
  const [worktree, fork] = await Promise.allSettled([making, forking]);
  if (worktree.status === 'rejected') {
    // What is left behind if that fails is a session that nothing refers to.
    if (fork.status === 'fulfilled') await context.opencode.deleteSession(fork.value.session).catch(() => undefined);
    throw worktree.reason;
  }
  if (fork.status === 'rejected') throw fork.reason;
  return [worktree.value, fork.value];
}

/** The name of an issue's files, which the claim has given it. */
async function requireName(context: Context, ref: string): Promise<string> {
  return (await readName(context, ref)) ?? removed(ref);
}

/** Tells the step that makes a worktree what git transfers for it, and how far that is: at once when it begins, then now and then. */
function transferTeller({ clock }: Pick<Context, 'clock'>, step: Pick<Stepper, 'progress'>): OnTransfer {
  let toldAt = -Infinity;
  return (what, source, how) => {
    if (how !== undefined && clock.monotonic() - toldAt < TELL_EVERY_MS) return;
    toldAt = clock.monotonic();
    const note = `${what} ${source}${how === undefined ? ' …' : `: ${how}`}`;
    // A log that cannot be written holds nothing up, and says so itself.
    step.progress('worktree', note).catch(() => undefined);
  };
}
