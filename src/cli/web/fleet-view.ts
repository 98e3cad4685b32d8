import type { Overview } from '../../domain/overview/overview.ts';
import type { ListedSession } from '../../domain/overview/sessions.ts';
import type { ListedTask } from '../../domain/overview/tasks.ts';
import type { Activity } from '../../domain/overview/activity.ts';
import { totalTokens } from '../../domain/runs/spending.ts';
import type { Run } from '../../domain/runs/run-schema.ts';
import { oneLine } from '../../util/text.ts';
import { hostText } from '../views/hosts.ts';
import { reasonColumn } from '../views/explained.ts';
import { workText } from '../views/sessions.ts';
import { shortIds } from '../views/short.ts';
import { runText } from '../views/verdict.ts';
import { agentRows, isLive, type AgentRow } from '../watch/rows.ts';

/** What a state means: `live` is at work, the others say how it ended, `idle` that nothing was, `held` that a person has it. */
type Tone = 'live' | 'good' | 'bad' | 'stopped' | 'idle' | 'held' | 'waits';

/** An agent as the page shows it. Times are ISO 8601. */
interface AgentView {
  /** An issue ref, or the id of a PM agent's task. */
  readonly name: string;
  readonly ref: string | null;
  readonly task: string | null;
  readonly run: string | null;
  readonly state: string;
  readonly tone: Tone;
  readonly live: boolean;
  /** Since when it is in its state. */
  readonly since: string;
  /** What it does now. */
  readonly doing: { readonly text: string; readonly since: string | null; readonly bad: boolean } | null;
  /** What its worktree has to show. */
  readonly work: string | null;
  readonly branch: string | null;
  readonly tokens: number;
  readonly cost: number;
}

/** A task as the page shows it. */
interface TaskView {
  readonly id: string;
  readonly short: string;
  readonly state: string;
  readonly tone: Tone;
  readonly ref: string | null;
  readonly message: string;
  readonly why: string | null;
  readonly run: string | null;
  readonly live: boolean;
  readonly created: string;
  readonly finished: string | null;
}

/** What the page shows of the fleet, without secrets. */
export interface FleetView extends Pick<Overview, 'at' | 'slots' | 'today' | 'problems'> {
  readonly daemon: boolean;
  readonly paused: boolean;
  /** The hosts that share the queue; none in no fleet. */
  readonly hosts: readonly { readonly name: string; readonly tone: Tone; readonly text: string }[];
  readonly holds: readonly { readonly text: string; readonly command: string }[];
  readonly agents: readonly AgentView[];
  readonly tasks: readonly TaskView[];
  /** The newest first. */
  readonly notes: readonly {
    readonly id: string;
    readonly at: string;
    readonly type: string;
    readonly message: string;
    readonly ref: string | null;
    readonly task: string | null;
    readonly read: boolean;
  }[];
}

const LONGEST = 300;

/** The overview as the page shows it. @param clean takes secrets out of what others said */
export function fleetView(overview: Overview, clean: (text: string) => string): FleetView {
  const { at, slots, today, problems, daemon, fleet, holds, tasks, notifications } = overview;
  const short = shortIds(tasks.map(({ id }) => id));
  const line = (text: string): string => oneLine(clean(text), LONGEST);
  return {
    at,
    slots,
    today,
    problems: problems.map(line),
    daemon: daemon.running,
    paused: holds.some(({ code }) => code === 'paused'),
    hosts: (fleet?.hosts ?? []).map((host) => ({
      name: host.name,
      tone: host.silent || host.state === 'gone' ? 'bad' : host.live > 0 ? 'live' : 'idle',
      text: `${host.name} ${hostText(host, fleet?.host ?? '')}`,
    })),
    holds: holds.map(({ text, command }) => ({ text: line(text), command })),
    agents: agentRows(overview).map((row) => agentView(row, line)),
    tasks: tasks.map((task) => ({ ...taskView(task, line), short: short.get(task.id) ?? task.id })),
    notes: notifications
      .map(({ id, timestamp, type, message, issue_ref: ref, task, read }) => {
        return { id, at: timestamp, type, message: line(message), ref, task, read };
      })
      .toReversed(),
  };
}

function agentView({ key, session, pm }: AgentRow, line: (text: string) => string): AgentView {
  const run = session?.run ?? pm?.run ?? null;
  const activity = session?.activity ?? pm?.activity ?? null;
  return {
    name: session?.issue_ref ?? pm?.task ?? key,
    ref: session?.issue_ref ?? null,
    task: pm?.task ?? run?.task ?? null,
    run: run?.id ?? null,
    ...(session === undefined ? { state: 'working', tone: 'live', live: true } : stateOf(session)),
    since: run === null ? (session?.created_at ?? '') : (run.ended_at ?? run.working_at ?? run.requested_at),
    doing: activity === null ? null : doingOf(activity, line),
    work: session?.run?.verdict?.evidence ? workText(session) : null,
    branch: session?.branch ?? null,
    ...usedBy(run, activity),
  };
}

function stateOf(session: ListedSession): Pick<AgentView, 'state' | 'tone' | 'live'> {
  const { state, run, elsewhere } = session;
  const live = isLive(session);
  if (state === 'destroying' || state === 'attached') return { state, tone: 'held', live };
  if (run === null) return { state: 'idle', tone: 'idle', live };
  if (run.verdict === null)
    return { state: elsewhere === null ? run.phase : `${run.phase} elsewhere`, tone: 'live', live };
  return { state: runText(run), tone: TONES[run.verdict.outcome], live };
}

const TONES = { succeeded: 'good', failed: 'bad', stopped: 'stopped' } as const;

function doingOf({ step, command, last }: Activity, line: (text: string) => string): AgentView['doing'] {
  if (step !== null) return { text: line(step.note), since: step.since, bad: false };
  if (command !== null) return { text: line(command.text), since: command.since, bad: false };
  if (last === null) return null;
  const text = last.tool === null ? last.text : `${last.tool}: ${last.text}`;
  return { text: line(text), since: null, bad: last.failed };
}

function usedBy(run: Run | null, activity: Activity | null): Pick<AgentView, 'tokens' | 'cost'> {
  if (activity !== null) return { tokens: activity.tokens, cost: activity.cost };
  const verdict = run?.verdict ?? null;
  return verdict === null ? { tokens: 0, cost: 0 } : { tokens: totalTokens(verdict.tokens), cost: verdict.cost };
}

const TASK_TONES = { pending: 'waits', notified: 'live', completed: 'good', error: 'bad' } as const;

function taskView(task: ListedTask, line: (text: string) => string): Omit<TaskView, 'short'> {
  const { id, state, issue_ref: ref, message, failure, reasons, run_id: run, created_at: created } = task;
  const column = reasonColumn(task, reasons);
  const why = failure !== null && state === 'error' ? `${failure.class}: ${failure.message}` : column;
  return {
    id,
    state,
    tone: TASK_TONES[state],
    ref,
    message: line(message),
    why: why === '-' ? null : line(why),
    run,
    live: state === 'notified',
    created,
    finished: task.finished_at,
  };
}
