import { isTaskId } from '../../domain/issues/task-id.ts';
import { totalTokens } from '../../domain/runs/spending.ts';
import type { RecentRun } from '../../domain/runs/recent-runs.ts';
import type { Run, Verdict } from '../../domain/runs/run-schema.ts';
import type { ListedSession } from '../../domain/overview/sessions.ts';
import { oneLine, type Style } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import type { TextStyle } from '../print-result.ts';
import { ago, shortCount, shortIds, since, tildePath } from './short.ts';
import { renderTable, type BriefColumn, type Column } from './table.ts';
import { endText, evidenceText, runText } from './verdict.ts';

const SESSIONS: readonly Column<ListedSession>[] = [
  { title: 'ISSUE_REF', cell: ({ issue_ref: ref }) => ref },
  { title: 'TYPE', cell: ({ type }) => type },
  { title: 'SESSION_ID', cell: ({ session_id: id }) => id ?? 'N/A' },
  { title: 'WORKTREE', cell: ({ worktree }) => worktree ?? 'N/A' },
  { title: 'STATE', cell: stateText },
  { title: 'WORK', cell: workText },
];

/** The tracked sessions as a table; for a person those at work come first, then the one that did something last. */
export async function renderSessions(sessions: readonly ListedSession[], style: TextStyle): Promise<string> {
  const rows = style.ruled ? sessions.toSorted(byLife) : sessions;
  const empty = 'no sessions yet; run: kugetsu init';
  return renderTable(
    { rows, columns: [...SESSIONS, ...hostColumn(rows)], brief: briefSessions(rows, style), empty },
    style,
  );
}

function briefSessions(rows: readonly ListedSession[], style: TextStyle): readonly BriefColumn<ListedSession>[] {
  const doing: BriefColumn<ListedSession> = {
    title: 'DOING',
    cell: ({ activity }) => activityText(activity, style),
    optional: true,
  };
  return [
    { title: 'ISSUE_REF', cell: ({ issue_ref: ref }) => ref, cut: 'middle', atLeast: 16 },
    { title: 'STATE', cell: (session) => liveText(session, style), cut: 'end', atLeast: 16, colour: stateColour },
    { title: 'AGE', cell: ({ created_at: at }) => since(at, style) },
    { title: 'LAST', cell: ({ last_activity: at }) => ago(at, style) },
    { title: 'WORK', cell: workText, cut: 'end' },
    ...hostColumn(rows),
    { title: 'TOKENS', cell: ({ run, activity }) => tokensText(run?.verdict, activity), optional: true },
    { title: 'COST', cell: ({ run, activity }) => costText(activity ?? run?.verdict), optional: true },
    ...(rows.some(({ activity }) => activity !== null) ? [doing] : []),
    { title: 'TYPE', cell: ({ type }) => type, optional: true },
    { title: 'WORKTREE', cell: ({ worktree }) => tildePath(worktree ?? 'N/A', style), optional: true },
    { title: 'SESSION_ID', cell: ({ session_id: id }) => id ?? 'N/A', optional: true },
  ];
}

/** The last column for a program, and only in a fleet: what reads the others finds them where they were. */
function hostColumn(rows: readonly ListedSession[]): readonly BriefColumn<ListedSession>[] {
  if (rows.every(({ host }) => host === undefined)) return [];
  return [{ title: 'HOST', cell: ({ host }) => host ?? '-', cut: 'end' }];
}

/** Those of other hosts come after those of this one. */
function byLife(one: ListedSession, other: ListedSession): number {
  const place = Number(one.told !== undefined) - Number(other.told !== undefined);
  if (place !== 0) return place;
  const life = Number(isLive(other)) - Number(isLive(one));
  return life === 0 ? Date.parse(other.last_activity) - Date.parse(one.last_activity) : life;
}

/** What is so of a session whatever its runs are. */
function isMarked(state: string): boolean {
  return state === 'destroying' || state === 'attached';
}

function isLive({ state, run, told }: ListedSession): boolean {
  if (told !== undefined) return state === 'working';
  return isMarked(state) || (run !== null && run.verdict === null);
}

// The list is made after dead runs were settled, so a run without a verdict is alive.
function stateText({ run, elsewhere, state, told, moved_to: home }: ListedSession): string {
  if (home !== undefined && run?.verdict !== null) return `moved to ${home}`;
  if (told !== undefined) return state === 'working' ? state : told === null ? '-' : endText(told);
  return elsewhere === null ? runText(run) : elsewhereText(run, elsewhere);
}

/** What a session's run is at, with since when, for a person. */
export function liveText(session: ListedSession, style: TextStyle): string {
  const { run, state } = session;
  if (isMarked(state)) return state;
  const text = stateText(session);
  if (run === null || run.verdict !== null || style.now === undefined) return text;
  const { step = null } = session.activity ?? {};
  if (step !== null) return `${stepWord(step)} ${formatDuration(style.now - Date.parse(step.since))}`;
  return `${text} for ${since(run.working_at ?? run.requested_at, style)}`;
}

/** What git or opencode is doing, or the step's own name. */
function stepWord({ name, note }: { readonly name: string; readonly note: string }): string {
  return /^(?:cloning|fetching|forking)\b/.exec(note)?.[0] ?? name;
}

/** The colour of a session's state. */
export function stateColour({ run, state, told, moved_to: home }: ListedSession): Style | undefined {
  if (isMarked(state)) return 'yellow';
  if (home !== undefined && run?.verdict !== null) return undefined;
  if (told !== undefined) return state === 'working' ? 'cyan' : outcomeColour(told?.outcome);
  return run === null ? undefined : run.verdict === null ? 'cyan' : outcomeColour(run.verdict.outcome);
}

/** The colour of how a run ended. */
export function outcomeColour(outcome: Verdict['outcome'] | undefined): Style | undefined {
  if (outcome === undefined) return undefined;
  return ({ succeeded: 'green', failed: 'red', stopped: 'yellow' } as const)[outcome];
}

/** What the last run has to show. */
export function workText({ run, told }: ListedSession): string {
  const evidence = run?.verdict?.evidence ?? told?.evidence;
  return evidence ? evidenceText(evidence) : '-';
}

/** A run that cannot be seen from here is told as what is known of it. */
function elsewhereText(run: Run | null, { machine, alive }: NonNullable<ListedSession['elsewhere']>): string {
  const place = machine === null ? 'elsewhere' : `elsewhere (${machine})`;
  return alive ? `${runText(run)} ${place}` : `not heard from, ${place}`;
}

/** What an agent does now: the command that runs, with its age, or the last thing that it did or said. */
export function activityText(activity: ListedSession['activity'], style: TextStyle): string {
  if (activity === null) return '-';
  const { command, last, step } = activity;
  if (step !== null) return oneLine(step.note, 50);
  if (command !== null) return oneLine(`${since(command.since, style)} ${command.text}`, 50);
  return last === null ? '-' : oneLine(last.tool === null ? last.text : `${last.tool}: ${last.text}`, 50);
}

/** The tokens of a run, short; `-` before its first step. */
export function tokensText(
  verdict: Pick<Verdict, 'tokens' | 'steps'> | null | undefined,
  activity: ListedSession['activity'] = null,
): string {
  if (activity !== null) return activity.steps === 0 ? '-' : shortCount(activity.tokens);
  return verdict == null || verdict.steps === 0 ? '-' : shortCount(totalTokens(verdict.tokens));
}

/** What a run has cost, in dollars; `-` for nothing. */
export function costText(verdict: { readonly cost: number } | null | undefined): string {
  return verdict == null || verdict.cost === 0 ? '-' : `$${verdict.cost.toFixed(verdict.cost < 1 ? 4 : 2)}`;
}

const RUNS: readonly Column<RecentRun>[] = [
  { title: 'TIME', cell: ({ at }) => at.slice(0, 19) },
  { title: 'KIND', cell: ({ kind }) => kind },
  { title: 'FOR', cell: ({ subject }) => subject },
  { title: 'RESULT', cell: resultText },
  { title: 'MESSAGE', cell: messageText },
  { title: 'LOG', cell: ({ log }) => log },
];

/** Runs as a table. */
export async function renderRecentRuns(runs: readonly RecentRun[], style: TextStyle): Promise<string> {
  const empty = 'no runs yet; run: kugetsu start ISSUE_REF MESSAGE';
  return renderTable({ rows: runs, columns: RUNS, brief: briefRuns(runs, style), empty }, style);
}

function briefRuns(runs: readonly RecentRun[], style: TextStyle): readonly BriefColumn<RecentRun>[] {
  const ids = shortIds(runs.flatMap(({ run, subject }) => (isTaskId(subject) ? [run, subject] : [run])));
  return [
    { title: 'TIME', cell: ({ at }) => ago(at, style) },
    { title: 'RUN', cell: ({ run }) => ids.get(run) ?? run },
    { title: 'FOR', cell: ({ subject }) => ids.get(subject) ?? subject, cut: 'middle', atLeast: 16 },
    {
      title: 'RESULT',
      cell: resultText,
      cut: 'end',
      atLeast: 9,
      colour: ({ verdict }) => outcomeColour(verdict?.outcome),
    },
    { title: 'MESSAGE', cell: messageText, cut: 'end', atLeast: 12 },
    { title: 'TOKENS', cell: ({ verdict }) => tokensText(verdict), optional: true },
    { title: 'COST', cell: ({ verdict }) => costText(verdict), optional: true },
    { title: 'KIND', cell: ({ kind }) => kind, optional: true },
    { title: 'LOG', cell: ({ log }) => tildePath(log, style), optional: true },
  ];
}

function resultText({ verdict }: RecentRun): string {
  if (verdict === null) return '-';
  return endText(verdict);
}

// The PM agent's message is long and ends with the task itself.
function messageText({ message }: RecentRun): string {
  return oneLine(message.trim().split('\n\n').at(-1) ?? '', 60);
}
