import { pathExists } from '../../adapters/store/paths.ts';
import { keepTip, lookAtKeptTip } from '../../adapters/git/pushed-branch.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { savePushed, type OnSaved } from './save-work.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock'>;

interface PushedPlace {
  readonly repository: string;
  /** The name of the worktree. */
  readonly name: string;
  readonly branch: string;
}

/**
 * Keeps what origin has of an issue's branch on a ref of its own, whatever an agent pushes over it, and saves what was kept
 * before and has been pushed over since. With `rescue` the tip itself is saved, because the work is begun anew.
 */
export async function keepPushed(
  context: Needs,
  { repository, name, branch, rescue }: PushedPlace & { readonly rescue: boolean },
  onSaved: OnSaved,
): Promise<void> {
  const { env } = context;
  const { tip, replaced } = await lookAtKeptTip({ repository, branch, name, env });
  if (replaced !== undefined) {
    await savePushed(context, { repository, name, tip: replaced, suffix: '-pushed-before' }, onSaved);
  }
  if (tip === undefined) return;
  if (rescue) await savePushed(context, { repository, name, tip, suffix: '-pushed' }, onSaved);
  await keepTip(tip, { repository, name, env });
}

/** The same for an issue that goes on, of which the repository may be gone. A git that fails holds no agent up: @returns why */
export async function keepPushedOf(
  context: Needs,
  { repository, ...place }: Omit<PushedPlace, 'repository'> & { readonly repository: string | null },
  onSaved: OnSaved,
): Promise<string | undefined> {
  if (repository === null || !(await pathExists(repository))) return undefined;
  try {
    await keepPushed(context, { ...place, repository, rescue: false }, onSaved);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
