import { basename } from 'node:path';
import { unlessRefused, wordsOf } from '../../util/errors.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import { tellSaved } from '../notifications/tell.ts';
import type { Context } from '../queue/context.ts';
import type { Stepper } from '../runs/run-log.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import { saveStashes, type OnSaved } from '../worktrees/save-work.ts';

/** Tells in the log, and by a notification, of what was saved. */
export function saver(context: Context, ref: string, step: Pick<Stepper, 'warn'>): OnSaved {
  return async (way, { kept, note }) => {
    const what = kept === 'saved' ? 'saved the previous work' : 'moved the previous worktree aside whole';
    await step.warn(`${what}${note === undefined ? '' : ` (${note})`}; to get it back: ${way}`);
    await tellSaved(context, ref, way);
  };
}

/**
 * Keeps the entries of the stash, which all worktrees of a repository share: another agent may take them out. A git that
 * fails holds no run up, and `warn` is told why.
 */
export async function keepStashes(context: Context, ref: string, warn: (text: string) => Promise<void>): Promise<void> {
  const session = await readIssueSession(context, ref).catch(() => undefined);
  const { repository = null, worktree_path: path = null } = session ?? {};
  if (repository === null || path === null) return;
  try {
    await saveStashes(context, { repository, name: basename(path) }, async (way, { note }) => {
      await warn(`saved ${note ?? 'it'}; to get it back: ${way}`);
      await tellSaved(context, ref, way);
    });
  } catch (error) {
    const { text: clean } = await redactorOf(context);
    await warn(`the stash could not be saved: ${told(wordsOf(error), clean)}`).catch(unlessRefused);
  }
}
