import { keepBeating } from '../../adapters/process/heartbeat.ts';
import { isOwn, ownIdentity } from '../../adapters/process/process-identity.ts';
import { kindOf } from '../../util/error-codes.ts';
import { AppError, errnoOf, messageOf, unlessRefused, wordsOf } from '../../util/errors.ts';
import { oneLine, plainText } from '../../util/text.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import { keepRunRecord } from '../runs/run-files.ts';
import { endedWith, hasEnded, takenOver, type RunRecord } from '../runs/run-record.ts';
import { afterRun, cleanUpAfterRun } from './settle-run.ts';
import { prepareAndRun } from './prepare-and-run.ts';
import type { Worked } from './until-done.ts';
import { sizeLimit } from '../runs/log-limits.ts';
import { hostLost, keepClaim, leaseSeconds, type KeptClaim, readTail } from './lease.ts';
import { openRunLog, type RunLog } from '../runs/run-log.ts';
import type { Verdict } from '../runs/run-schema.ts';
import type { Assignment } from './assignment.ts';
import { EngineError } from '../../adapters/engine/agent-event.ts';
import { untilWritten } from '../runs/until-written.ts';
import { NOTHING_OBSERVED } from '../runs/observation.ts';
import { judge } from '../runs/verdict.ts';

interface Supervision {
  readonly runId: string;
  readonly task: Assignment;
  /** Aborts when the run is to be stopped. */
  readonly signal: AbortSignal;
}

/** Nothing more can be written: the disk is full, or the user's share of it. */
const NO_SPACE = new Set(['ENOSPC', 'EDQUOT']);

type BareVerdict = Omit<Verdict, 'evidence'>;

/** How long a run that has not begun waits for a disk that refuses to have it written down; whoever started it waits, too. */
const TAKE_OVER_MS = 10_000;

/** Takes a claimed run over and sees it through: prepares, runs the agent, judges, settles. Never throws for the run's sake. */
export async function superviseRun(context: Context, { runId, task, signal }: Supervision): Promise<void> {
  const owner = ownIdentity();
  const takeOver = async (): Promise<RunRecord | undefined> =>
    task.record.change((run) => takenOver(run, { ...owner }));
  if ((await untilWritten(context, takeOver, TAKE_OVER_MS)) === undefined) return;
  const overtaken = new AbortController();
  const what = `the ${task.kind} of ${task.subject}`;
  const stopBeating = await keepBeating(context.home.heartbeats, what, async () => {
    // Nothing was heard of this process for so long that somebody elsewhere counted it as dead.
    if (await task.record.isOver()) overtaken.abort();
  });
  const claim = await claimOf(context, { runId, task });
  try {
    const over = AbortSignal.any([
      signal,
      overtaken.signal,
      ...(claim === undefined ? [] : [claim.lost, claim.stopWanted]),
    ]);
    await superviseClaimed(context, { runId, task, signal: over, claim });
  } finally {
    await claim?.stop();
    await stopBeating();
  }
}

/** What is kept up while this run is on; undefined when no other host can take its task. */
async function claimOf(
  context: Context,
  { runId, task }: Pick<Supervision, 'runId' | 'task'>,
): Promise<KeptClaim | undefined> {
  const { task: id, kind } = (await task.record.read()) ?? {};
  if (typeof id !== 'string' || (await context.queue.host().catch(() => undefined)) === undefined) return undefined;
  const seconds = await leaseSeconds(context, kind === 'pm' ? 'pm' : 'issue');
  return keepClaim(context, { task: id, runId, seconds, tail: async () => readTail(task.log) });
}

async function superviseClaimed(
  context: Context,
  { runId, task, signal, claim }: Supervision & { readonly claim: KeptClaim | undefined },
): Promise<void> {
  const { text: clean } = await redactorOf(context);
  const maxBytes = await maxLogBytes(context);
  const log = await untilWritten(context, async () => openRunLog(context, task.log, { maxBytes }));
  try {
    const { kind, subject, message, asked } = task;
    const said = asked === undefined ? { message } : { message: asked, instructions: message };
    await log.record({ event: 'started', run: runId, kind, subject, ...said });
    const { verdict: judged, check } = await runToVerdict(context, { runId, task, signal, clean }, log);
    const isLost = claim?.lost.aborted === true && judged.outcome === 'stopped';
    const bare = isLost ? hostLost((await context.queue.host()) ?? '') : judged;
    // What stays is found as left over: it must not cost the verdict.
    await cleanUpAfterRun(context, { id: runId }).catch(unlessRefused);
    await task.keep?.(log);
    const evidence = await task.evidence().catch(() => null);
    const verdict: Verdict = {
      ...bare,
      evidence: evidence === null || check === undefined ? evidence : { ...evidence, check },
    };
    // The record comes before the log line: whoever sees the line finds the verdict, and whoever sees none looks there. Without
    // the record the work would be done again.
    const run = await untilWritten(context, async () =>
      task.record.change((current) => endedWith(current, verdict, context.clock.now()) ?? ownEnd(current)),
    );
    await log.record({ event: 'ended', verdict });
    if (run === undefined) return;
    await claim?.tell();
    const isDone = await afterRun(context, run, verdict);
    await task.afterwards?.(verdict);
    // Whoever finds it elsewhere goes on with what follows from the end.
    if (isDone) await keepRunRecord(context, runId).catch(unlessRefused);
  } finally {
    await log.close();
  }
}

/** A try that was refused half-way has given the verdict, and not everybody knows of it yet. */
function ownEnd(run: RunRecord): RunRecord | undefined {
  return hasEnded(run) && isOwn(run.owner) ? run : undefined;
}

// A mistake in the config is the verdict of the run, and is told in its log.
async function maxLogBytes(context: Context): Promise<number> {
  const { RUN_LOG_MAX_MB: megabytes } = await context.settings().catch(() => ({ RUN_LOG_MAX_MB: 0 }));
  return sizeLimit(megabytes);
}

interface Judging extends Supervision {
  readonly clean: (text: string) => string;
}

async function runToVerdict(context: Context, supervision: Judging, log: RunLog): Promise<Worked> {
  try {
    return await prepareAndRun(context, supervision, log);
  } catch (error) {
    return { verdict: await verdictOnError(error, supervision, log) };
  }
}

async function verdictOnError(error: unknown, supervision: Judging, log: RunLog): Promise<BareVerdict> {
  if (supervision.signal.aborted) return stopped();
  if (error instanceof AppError) {
    if (error.details !== undefined) await log.record({ event: 'output', text: plainText(error.details) });
    return failedBefore(error, supervision.clean);
  }
  const code = errnoOf(error);
  if (code !== undefined) return refusedBySystem(code, oneLine(messageOf(error)));
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // As what opencode says of its own failures: with its stack, which few want to see.
  await log.record({ event: 'stderr', text });
  const message = told(wordsOf(error), supervision.clean);
  return failed('internal_error', message, 'this is a bug in kugetsu; the log has the details');
}

/** What kugetsu itself was refused is worth another try: unlike an agent, it does not fill the disk again. */
function refusedBySystem(code: string, message: string): BareVerdict {
  const verdict = NO_SPACE.has(code)
    ? failed('disk_full', `the disk is full: ${message}`, 'free some disk space; the work is as the agent left it')
    : failed('system_error', message, 'check the disk and the file modes');
  return { ...verdict, retryable: true };
}

function stopped(): BareVerdict {
  return judge(NOTHING_OBSERVED, { exitCode: undefined, signal: undefined, endedFor: 'stopped' });
}

/** What opencode fails of is of the same class before the agent runs as while it does. */
function failedBefore(error: AppError, clean: Judging['clean']): BareVerdict {
  const { code } = error;
  const hint = error.hint ?? null;
  const message = told(wordsOf(error), clean);
  const reason = error instanceof EngineError ? error.reason : undefined;
  if (reason === undefined) return failed(code, message, hint);
  return { ...failed(reason.class, message, hint), retryable: reason.retryable };
}

function failed(name: string, message: string, hint: string | null): BareVerdict {
  return { ...stopped(), outcome: 'failed', class: name, message, hint, retryable: isWorthAnotherTry(name) };
}

/** What fails before the agent runs is, when the reason is outside: a network, a busy database. */
function isWorthAnotherTry(name: string): boolean {
  const kind = kindOf(name);
  return kind === 'passing' || kind === 'busy';
}
