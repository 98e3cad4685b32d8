import { gitVersion } from '../../adapters/git/git-command.ts';
import { wordsOf } from '../../util/errors.ts';
import { rawText, words, type Text, type Words } from '../../util/words.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import type { Context } from '../queue/context.ts';
import { tell } from '../notifications/tell.ts';
import { readRepos } from '../servers/repos-file.ts';
import { initStatus } from '../sessions/init-status.ts';
import { requireSameSessions } from '../sessions/same-opencode.ts';

/** Why no task could be dispatched now, whichever; tasks are not even claimed then. */
export async function whatIsNotReady(context: Context): Promise<Words | undefined> {
  const status = await initStatus(context);
  if (status !== 'ok') return [status];
  try {
    await requireSameSessions(context);
    await context.opencode.probe();
    await gitVersion(context.home.root, context.env);
    for (const agent of ['pm-agent', 'dev-agent']) await readAgentVariables(context, agent);
    await readRepos(context);
    return undefined;
  } catch (error) {
    return wordsOf(error);
  }
}

/** What was said last of an obstacle. */
export interface Told {
  readonly why: string;
  readonly line: string;
}

/**
 * Tells of an obstacle: in the inbox once, in the log as often as it holds up another number of tasks, and when it is gone.
 *
 * @param known what was said at the last look; undefined when nothing was in the way
 * @param due how many tasks it holds up
 */
export async function tellObstacle(
  context: Context,
  obstacle: Words | undefined,
  { known, due, say }: { readonly known: Told | undefined; readonly due: number; say: (line: Text) => Promise<void> },
): Promise<Told | undefined> {
  if (obstacle === undefined) {
    if (known !== undefined) await say('kugetsu is ready again');
    return undefined;
  }
  const line = words`${due} due, but kugetsu is not ready: ${obstacle}`;
  const now = { why: rawText(obstacle), line: rawText(line) };
  if (now.line !== known?.line) await say(line);
  if (now.why !== known?.why) {
    const message = words`tasks are waiting because kugetsu is not ready: ${obstacle}; run: kugetsu doctor`;
    await tell(context, { type: 'task_waiting', message, issue_ref: null, task: null });
  }
  return now;
}
