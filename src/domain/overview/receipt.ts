import { AppError } from '../../util/errors.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import type { Child } from '../queue/queue-item.ts';
import { listRescued } from '../rescued/list-rescued.ts';
import { loggedRun } from '../runs/recent-runs.ts';
import { runLogPath } from '../runs/run-id.ts';
import { runOf } from '../runs/run-record.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { findRun } from '../work/find-run.ts';
import { diffOf, findWorkplace } from '../work/workplace.ts';

/** What one run was for, what came of it, and what there is to show. Times are ISO 8601; secrets are taken out. */
export interface Receipt {
  readonly run: string;
  readonly kind: string;
  readonly issue_ref: string | null;
  /** The task that it was an attempt at. */
  readonly task: string | null;
  /** What the agent was asked; null when its log is gone. */
  readonly message: string | null;
  readonly requested_at: string;
  readonly working_at: string | null;
  readonly ended_at: string | null;
  /** The issue's session in opencode. */
  readonly session: string | null;
  /** The base session that it was forked from, and how many tokens that conversation took; null when that is not known. */
  readonly base_session: string | null;
  readonly inherited_tokens: number | null;
  /** The version of opencode that worked; null when it is not known, or none did yet. */
  readonly opencode: string | null;
  /** `provider/model`; null when it was left to opencode. */
  readonly model: string | null;
  readonly worktree: string | null;
  readonly branch: string | null;
  /** Of the worktree as it is now, whichever run made them; the oldest first. */
  readonly commits: readonly { readonly hash: string; readonly subject: string }[];
  /** The files that are changed there, committed or not, as `git diff --stat` says it. */
  readonly changes: string | null;
  /** Null while the run is on. */
  readonly verdict: Verdict | null;
  /** What a PM agent has started. */
  readonly children: readonly Child[];
  /** Commands that bring back what was saved of the issue's work. */
  readonly ways_back: readonly string[];
  readonly log: string;
}

const STAT_COLUMNS = 78;

/**
 * The receipt of the last run of an issue or a task, or of a run by its id.
 *
 * @throws AppError `no_run` when there has been none, and what {@link findRun} throws
 */
export async function readReceipt(context: Context, text: string): Promise<Receipt> {
  const { name, item, run: found } = await findRun(context, text);
  const record = await found?.record.read();
  if (found === undefined || record === undefined) {
    throw new AppError('no_run', `there has been no run of ${name}`, { hint: 'run: kugetsu list, or kugetsu logs' });
  }
  const { kind, task, requested_at, working_at, ended_at, verdict } = runOf(record);
  const { text: clean } = await redactorOf(context);
  const log = runLogPath(context, found.id);
  const ref = record.subject.type === 'issue' ? record.subject.ref : null;
  const own = item ?? (task == null ? undefined : await context.queue.read(task).catch(() => undefined));
  return {
    run: found.id,
    kind,
    issue_ref: ref,
    task: own?.id ?? task ?? null,
    message: (await loggedRun(context, log))?.message ?? (own === undefined ? null : clean(own.message)),
    requested_at,
    working_at,
    ended_at,
    base_session: record.inherited?.session ?? null,
    inherited_tokens: record.inherited?.tokens ?? null,
    opencode: record.opencode ?? null,
    model: record.model ?? null,
    ...(ref === null ? { ...NO_WORK, session: own?.session_id ?? null } : await workOn(context, ref, clean)),
    verdict: verdict === null ? null : { ...verdict, reply: clean(verdict.reply) },
    children: kind === 'pm' ? (own?.children ?? []) : [],
    log,
  };
}

type Work = Pick<Receipt, 'session' | 'worktree' | 'branch' | 'commits' | 'changes' | 'ways_back'>;

const NO_WORK: Work = { session: null, worktree: null, branch: null, commits: [], changes: null, ways_back: [] };

/** What there is of an issue; what is gone, or git cannot read, is left out. */
async function workOn(context: Context, ref: string, clean: (text: string) => string): Promise<Work> {
  const place = await findWorkplace(context, ref).catch(() => undefined);
  const diff =
    place === undefined ? undefined : await diffOf(context, place, { stat: STAT_COLUMNS }).catch(() => undefined);
  const { found } = await listRescued(context, ref);
  return {
    session: place?.session.opencode_session_id ?? null,
    worktree: place?.path ?? null,
    branch: place?.session.branch ?? null,
    commits: (diff?.commits ?? []).map(({ hash, subject }) => ({ hash, subject: clean(subject) })),
    changes: diff === undefined ? null : clean(diff.text),
    ways_back: found.map(({ id }) => `kugetsu rescued ${id} --apply`),
  };
}
