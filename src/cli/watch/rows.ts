import type { ListedPmRun, Overview } from '../../domain/overview/overview.ts';
import type { ListedSession } from '../../domain/overview/sessions.ts';

/** An agent as a line of the screen: of an issue, or the PM agent on a task. */
export interface AgentRow {
  readonly key: string;
  readonly ref: string | null;
  readonly task: string | null;
  readonly isLive: boolean;
  readonly session: ListedSession | undefined;
  readonly pm: ListedPmRun | undefined;
}

/** The agents, those at work first, then the one that did something last. */
export function agentRows({ sessions, pm_runs: pms }: Overview): readonly AgentRow[] {
  const issues = sessions
    .filter(({ type }) => type === 'forked')
    .toSorted(
      (a, b) => Number(isLive(b)) - Number(isLive(a)) || Date.parse(b.last_activity) - Date.parse(a.last_activity),
    )
    .map((session) => rowOf(session));
  const pmRows = pms.map((pm) => ({
    key: pm.run.id,
    ref: null,
    task: pm.task,
    isLive: true,
    session: undefined,
    pm,
  }));
  return [...pmRows, ...issues];
}

function rowOf(session: ListedSession): AgentRow {
  const task = session.run?.task ?? null;
  return { key: session.issue_ref, ref: session.issue_ref, task, isLive: isLive(session), session, pm: undefined };
}

/** Whether something works on an issue. */
export function isLive({ state, run }: ListedSession): boolean {
  return state === 'destroying' || (run !== null && run.verdict === null);
}
