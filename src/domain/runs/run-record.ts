import * as z from 'zod/mini';
import type { KnownKeys } from '../../util/loose-object.ts';
import { isoWithOffset } from '../../util/time.ts';
import {
  DoneWhenSchema,
  InheritedSchema,
  type Inherited,
  OwnerSchema,
  RUN_KINDS,
  VerdictSchema,
  type Run,
  type Verdict,
} from './run-schema.ts';

/** What a run is for. */
const SubjectSchema = z.discriminatedUnion('type', [
  /** An agent works on an issue. */
  z.looseObject({ type: z.literal('issue'), ref: z.string() }),
  /** The PM agent works on a task. */
  z.looseObject({ type: z.literal('task'), id: z.string() }),
  /** A command has an agent of its own, such as `init`: no runner, no verdict, and nothing waits for it. */
  z.looseObject({ type: z.literal('none'), what: z.string() }),
]);

/** What a runner is to do, as its launcher wrote it down. */
const RequestSchema = z.looseObject({
  message: z.string(),
  /** What a person asked for, when the message has more than that. */
  asked: z.optional(z.string()),
  debug: z.boolean(),
  /** Whether a start begins at the default branch, whatever was pushed. */
  fresh: z.boolean(),
  /** Where a start begins, if that was said: a branch, a tag or a commit. */
  from: z.optional(z.string()),
  /** The number of the pull or merge request that a start goes on with. */
  pr: z.optional(z.int()),
  /** When the agent is done, if that was said for this run. */
  done_when: z.optional(DoneWhenSchema),
  /** Whether the worktree of one that goes on is set up again. */
  setup: z.optional(z.boolean()),
});

/** How far a run is, with all that is known then and nothing that cannot be. */
const StatusSchema = z.discriminatedUnion('phase', [
  z.looseObject({
    phase: z.literal('preparing'),
    /** Whether a runner has taken the run over from its launcher. */
    taken_over: z.boolean(),
    /** Null for a run without a runner. */
    request: z.nullable(RequestSchema),
  }),
  z.looseObject({
    phase: z.literal('working'),
    since: z.string(),
    /** The pid of opencode. */
    agent: z.int(),
  }),
  z.looseObject({
    phase: z.literal('ended'),
    at: z.string(),
    verdict: VerdictSchema,
    /** Since when the agent was at work; null when it never was. */
    since: z.nullable(z.string()),
    agent: z.nullable(z.int()),
    taken_over: z.boolean(),
  }),
]);

/** `runs/<id>.json`, and `logs/<id>.json` when the run has ended and everything that follows from that is done. */
export const RunRecordSchema = z.looseObject({
  id: z.string(),
  kind: z.enum(RUN_KINDS),
  subject: SubjectSchema,
  log: z.string(),
  owner: OwnerSchema,
  requested_at: z.string(),
  /** The queue item that this run is an attempt at. */
  task: z.nullable(z.string()),
  /** The queue item in whose PM run this run was started. */
  parent: z.nullable(z.string()),
  /** `provider/model`, when the agent was given one. */
  model: z.optional(z.string()),
  /** The version of opencode that works. */
  opencode: z.optional(z.string()),
  /** What its session has of the one that it was forked from. */
  inherited: z.optional(InheritedSchema),
  status: StatusSchema,
});

export type RunRecord = KnownKeys<z.infer<typeof RunRecordSchema>>;
export type RunSubject =
  | { readonly type: 'issue'; readonly ref: string }
  | { readonly type: 'task'; readonly id: string }
  | { readonly type: 'none'; readonly what: string };
export type AskedFor = z.infer<typeof RequestSchema>;
type Status<Phase extends RunRecord['status']['phase']> = Extract<RunRecord['status'], { phase: Phase }>;
type Ended = RunRecord & { readonly status: Status<'ended'> };
type Preparing = RunRecord & { readonly status: Status<'preparing'> };

export function isPreparing(record: RunRecord): record is Preparing {
  return record.status.phase === 'preparing';
}

export function hasEnded(record: RunRecord): record is Ended {
  return record.status.phase === 'ended';
}

/** Whether a runner, or whoever needs none, has begun to see the run through. */
export function isTakenOver({ status }: RunRecord): boolean {
  return status.phase === 'working' || status.taken_over;
}

/** The verdict of a run; undefined while it has none. */
export function verdictOf({ status }: RunRecord): Verdict | undefined {
  return status.phase === 'ended' ? status.verdict : undefined;
}

/** The run as its launcher hands it to a runner that was started; undefined when it is not the launcher's any more. */
export function handedTo(record: RunRecord, owner: Run['owner']): RunRecord | undefined {
  return isPreparing(record) && !record.status.taken_over ? { ...record, owner } : undefined;
}

/** The run as its runner takes it over; undefined when it is not wanted any more. */
export function takenOver(record: RunRecord, owner: Run['owner']): RunRecord | undefined {
  if (!isPreparing(record)) return undefined;
  return { ...record, owner, status: { ...record.status, taken_over: true } };
}

/** An agent that has started. */
interface StartedAgent {
  readonly pid: number;
  readonly model?: string | undefined;
  readonly opencode?: string | undefined;
  readonly inherited?: Inherited | undefined;
}

/** The run when its agent has started, with what is known of that, at `now` in milliseconds since the epoch; undefined when it is over. */
export function atWork(
  record: RunRecord,
  { pid: agent, model, opencode, inherited }: StartedAgent,
  now: number,
): RunRecord | undefined {
  if (hasEnded(record)) return undefined;
  // It may be told more than once.
  const since = record.status.phase === 'working' ? record.status.since : isoWithOffset(now);
  const known = {
    ...(model === undefined ? {} : { model }),
    ...(opencode === undefined ? {} : { opencode }),
    ...(inherited === undefined ? {} : { inherited }),
  };
  return { ...record, ...known, status: { phase: 'working', since, agent } };
}

/** The run with its verdict, at `now` in milliseconds since the epoch; undefined when it has one: the first one stands. */
export function endedWith(record: RunRecord, verdict: Verdict, now: number): RunRecord | undefined {
  if (record.status.phase === 'ended') return undefined;
  const { since, agent } = record.status.phase === 'working' ? record.status : { since: null, agent: null };
  const taken_over = isTakenOver(record);
  return { ...record, status: { phase: 'ended', at: isoWithOffset(now), verdict, since, agent, taken_over } };
}

/** The run in the form in which session files, tasks and `--json` have it. */
export function runOf(record: RunRecord): Run {
  const { id, kind, log, owner, requested_at, task, parent, status } = record;
  return {
    id,
    kind,
    log,
    phase: status.phase,
    owner,
    agent_pid: status.phase === 'preparing' ? null : status.agent,
    requested_at,
    working_at: status.phase === 'preparing' ? null : status.since,
    ended_at: status.phase === 'ended' ? status.at : null,
    verdict: status.phase === 'ended' ? status.verdict : null,
    task,
    parent,
    taken_over: isTakenOver(record),
  };
}

/** The record of a run that has none: 0.1.0 wrote runs into the session file or the task alone. */
export function recordOf(run: Run, subject: RunSubject): RunRecord {
  const { id, kind, log, owner, requested_at, task = null, parent = null } = run;
  return { id, kind, subject, log, owner, requested_at, task, parent, status: statusOf(run) };
}

function statusOf({
  phase,
  verdict,
  requested_at,
  working_at,
  ended_at,
  agent_pid,
  taken_over,
}: Run): RunRecord['status'] {
  if (verdict !== null) {
    const begun = taken_over ?? working_at !== null;
    return {
      phase: 'ended',
      at: ended_at ?? requested_at,
      verdict,
      since: working_at,
      agent: agent_pid,
      taken_over: begun,
    };
  }
  if (phase === 'working' && agent_pid !== null) {
    return { phase, since: working_at ?? requested_at, agent: agent_pid };
  }
  return { phase: 'preparing', taken_over: taken_over === true || phase !== 'preparing', request: null };
}
