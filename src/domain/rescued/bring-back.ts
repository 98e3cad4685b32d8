import { dirname, join } from 'node:path';
import { checkOutInto, restoreInto, type BroughtOperation, type InTheWay } from '../../adapters/git/bring-back.ts';
import { moveTree } from '../../adapters/git/move-tree.ts';
import { pathExists, realPath } from '../../adapters/store/paths.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { pasteQuote } from '../../util/text.ts';
import type { Context } from '../queue/context.ts';
import { reconcileRuns } from '../work/reconcile-runs.ts';
import { isBusy } from '../sessions/session-busy.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { withRepository } from '../worktrees/repository.ts';
import type { Rescued } from './list-rescued.ts';

/** Where something that was saved is now. */
export interface BroughtBack {
  readonly directory: string;
  /** Whether that is the worktree of its issue, as it was when it was saved. */
  readonly restored: boolean;
  /** The operation of git's that was under way when it was saved; null when there was none. */
  readonly operation: OperationBroughtBack | null;
}

/** An operation of git's, such as a rebase. */
interface OperationBroughtBack {
  readonly name: string;
  /** Whether it is under way again, where the work is now. */
  readonly under_way: boolean;
  /** The command to go on with it, or to have it back. */
  readonly command: string;
}

/**
 * Brings something back: into `directory`, which may not be there yet, or else into the worktree of its issue. A worktree
 * takes it only when nothing is there that it would touch, and no agent is at work. What was saved stays saved.
 *
 * @throws AppError `in_the_way`, `busy` (exit code 4), `worktree_missing`
 */
export async function bringBack(
  context: Context,
  rescued: Rescued,
  directory: string | undefined,
): Promise<BroughtBack> {
  if (directory !== undefined) return { restored: false, ...(await bringInto(context, rescued, directory)) };
  const { repository, commit, form } = rescued;
  if (repository === null || commit === null) {
    throw new AppError('is_directory', `${rescued.id} is a directory: ${rescued.path ?? 'in rescued/'}`, {
      hint: `run: cd ${pasteQuote(rescued.path ?? '')}; or name another directory with --into`,
    });
  }
  if (form === null) throw inTheWay(rescued, `${rescued.id} is not a state of a worktree`);
  const worktree = await worktreeFor(context, rescued);
  const saved = { repository, commit, form, env: context.env, state: stateOf(rescued) };
  const done = await withRepository(repository, async () => restoreInto(saved, worktree));
  if (typeof done === 'string') throw inTheWay(rescued, `${worktree} ${REASONS[done]}`);
  return { directory: worktree, restored: true, operation: operationIn(worktree, rescued, done.operation) };
}

/** Where git's own files of the same worktree are kept, if there were any. */
function stateOf({ ref }: Rescued): string {
  return `${ref ?? ''}-git`;
}

function operationIn(
  directory: string,
  { id }: Rescued,
  operation: BroughtOperation | undefined,
): OperationBroughtBack | null {
  if (operation === undefined) return null;
  const { name, goOn, underWay } = operation;
  const command = underWay
    ? `git -C ${pasteQuote(directory)} ${goOn}`
    : `kugetsu rescued ${id} --apply --into DIRECTORY`;
  return { name, under_way: underWay, command };
}

const REASONS: Readonly<Record<InTheWay, string>> = {
  changed: 'has uncommitted changes',
  operation: 'has a git operation in progress',
  detached: 'is on no branch',
  other_commits: 'has commits that the saved work does not build on',
  no_worktree: 'is not a worktree that git can use',
};

function inTheWay({ id }: Rescued, why: string): AppError {
  return new AppError('in_the_way', `${why}: nothing was brought back`, {
    hint: `to have it elsewhere, run: kugetsu rescued ${id} --apply --into DIRECTORY`,
  });
}

async function worktreeFor(context: Context, rescued: Rescued): Promise<string> {
  const { issue_ref: ref } = rescued;
  await reconcileRuns(context, { takeOver: true });
  const session = ref === null ? undefined : await readIssueSession(context, ref);
  const path = session?.worktree_path ?? null;
  if (session === undefined || path === null || !(await pathExists(path))) {
    throw new AppError('worktree_missing', `${ref ?? rescued.name} has no worktree that could take it`, {
      hint: `run: kugetsu rescued ${rescued.id} --apply --into DIRECTORY`,
    });
  }
  if (isBusy(context.home, session)) {
    throw new AppError('busy', `an agent is at work in the worktree of ${ref ?? rescued.name}`, {
      hint: 'wait for it, or name another place with --into',
      exit: EXIT.busy,
    });
  }
  return path;
}

async function bringInto(
  context: Context,
  rescued: Rescued,
  given: string,
): Promise<Pick<BroughtBack, 'directory' | 'operation'>> {
  const { repository, commit, path } = rescued;
  if (await pathExists(given)) {
    const isEmpty = (await listDirectory(given).catch(() => [given])).length === 0;
    if (!isEmpty)
      throw new AppError('in_the_way', `${given} already exists and was not changed`, {
        hint: 'name a directory that does not exist yet',
      });
  }
  await makePrivateDirectory(dirname(given));
  const directory = join(await realPath(dirname(given)), given.slice(dirname(given).length).replace(/^\/+/, ''));
  if (repository !== null && commit !== null) {
    const saved = { repository, commit, form: rescued.form ?? undefined, env: context.env, state: stateOf(rescued) };
    const operation = await withRepository(repository, async () => checkOutInto(saved, directory));
    return { directory, operation: operationIn(directory, rescued, operation) };
  }
  if (path !== null) await moveTree(path, directory, context.env);
  return { directory, operation: null };
}
