import type { Context } from '../queue/context.ts';
import type { Inherited } from '../runs/run-schema.ts';
import type { Stepper } from '../runs/run-log.ts';
import { forkOf } from '../sessions/lost-session.ts';
import type { HomeSession } from '../sessions/home-session-schema.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import { issueTitle } from '../sessions/session-titles.ts';
import { unattendedRights } from '../settings/unattended-rights.ts';

/** A fork of the base session, and what it has from there. */
export interface Fork {
  readonly session: string;
  readonly inherited: Inherited;
}

/** Forks the base session into `directory` for an issue. What goes on is told when the directory is there, and when it is done. */
export async function makeFork(
  { context, ref, step }: { readonly context: Context; readonly ref: string; readonly step: Stepper },
  base: HomeSession,
  { directory, whole }: { readonly directory: Promise<string>; readonly whole: Promise<unknown> },
): Promise<Fork> {
  const { opencode_session_id: source } = base;
  const begun = directory.then(() => step.begin('session', `forking the base session ${source} …`));
  // It fails with the directory, and so does the fork.
  begun.catch(() => undefined);
  const rights = await unattendedRights(context);
  let tokens: number | null = null;
  const onContext = (count: number): void => {
    tokens = count;
  };
  const session = await forkOf(context, base, { title: issueTitle(ref), directory, whole, rights, onContext });
  const done = await begun;
  await done(`${session}, forked from ${source}`);
  return { session, inherited: { session: source, tokens } };
}

/** An issue's session that has its own in opencode anew; the old one stays readable until the issue is destroyed. */
export function withFork(issue: IssueSession, { session, inherited }: Fork, model: string | null): IssueSession {
  const { opencode_session_id: old, previous_session_ids: older } = issue;
  return {
    ...issue,
    opencode_session_id: session,
    previous_session_ids: old === null ? older : [...older, old],
    inherited,
    model,
  };
}
