import { join } from 'node:path';
import { allRefs } from '../../../adapters/git/scratch-repository.ts';
import { removeDirectory } from '../../../adapters/store/private-files.ts';
import { wordsOf, AppError, RunError } from '../../../util/errors.ts';
import { formatDuration } from '../../../util/time.ts';
import { joinWords, rawText, words, type Text } from '../../../util/words.ts';
import type { Context } from '../../queue/context.ts';
import { ownRun } from '../../runs/orphans.ts';
import { newRunId } from '../../runs/run-id.ts';
import { fine, wrong, type Finding } from '../check.ts';
import { type CanaryHome, cleanUpCanary, makeCanaryHome, CANARY_REF } from './canary-home.ts';
import { Steps, type CanaryStep } from './steps.ts';
import { formatIssueRef } from '../../issues/issue-ref.ts';
import { followRun } from '../../work/follow-run.ts';
import { reconcileRuns } from '../../work/reconcile-runs.ts';
import type { RunLogEntry } from '../../runs/run-log-lines.ts';
import { recordedRun } from '../../work/recorded-run.ts';
import type { Verdict } from '../../runs/run-schema.ts';
import { startIssue } from '../../work/start-issue.ts';
import { oneLine, plural } from '../../../util/text.ts';
import { unattendedRights } from '../../settings/unattended-rights.ts';
import { readIssueSession } from '../../sessions/read-sessions.ts';

/** How the canary went. */
export interface CanaryReport {
  readonly steps: readonly CanaryStep[];
  /** The step that failed; null when all went well. */
  readonly failed: string | null;
}

interface CanaryRequest {
  readonly onStep: (step: CanaryStep) => void;
  /** Aborts when the user interrupts; what was made goes all the same. */
  readonly signal: AbortSignal;
}

const NAME = 'canary';

/**
 * Goes the whole way of a start for real: claim, runner, worktree, fork, agent, verdict, destroy. It does so in a home of
 * its own inside the real one, so that it is in no list, takes no slot and leaves no notification, and all of it goes with
 * one directory. The run has the id of that directory in the real home, so when this process is killed, the next
 * reconciliation there ends the agent and removes the directory, as those of any dead run.
 *
 * @throws when `signal` aborts, after cleaning up
 */
export async function runCanary(
  context: Context,
  { onStep, signal }: CanaryRequest,
): Promise<CanaryReport & { readonly finding: Finding }> {
  signal.throwIfAborted();
  const steps = new Steps(context, onStep);
  const id = newRunId(context);
  const directory = join(context.home.runs, id);
  const failures: Text[] = [];
  const disown = await ownRun(context, id, { kind: 'canary', what: 'the canary of doctor' });
  let canary: CanaryHome | undefined;
  try {
    canary = await makeCanaryHome(context, directory, id);
    steps.done('home', 'a temporary home and repository');
    await work(canary, steps, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    failures.push(steps.failed(error));
  } finally {
    const problem = await cleanUpCanary(context, canary).catch(wordsOf);
    await removeDirectory(directory);
    await disown();
    if (problem !== undefined) failures.push(words`clean-up: ${problem}`);
  }
  if (failures.length === 0) steps.done('clean-up', 'session, worktree, repository and home are gone');
  const failed = failures[0] === undefined ? null : (rawText(failures[0]).split(':')[0] ?? null);
  return { steps: steps.all, failed, finding: findingOf(steps, failures) };
}

async function work(canary: CanaryHome, steps: Steps, signal: AbortSignal): Promise<void> {
  const { context, origin } = canary;
  const before = await allRefs(origin, context.env);
  const verdict = await followCanary(canary, steps, signal);
  await checkOutcome(context, { verdict, steps, refs: { before, now: async () => allRefs(origin, context.env) } });
}

function findingOf({ startedAt, clock }: Steps, failures: readonly Text[]): Finding {
  const took = formatDuration(clock.monotonic() - startedAt);
  if (failures.length === 0) return fine(NAME, `an agent was started, answered, and was removed again (${took})`);
  return wrong('error', NAME, words`failed at ${joinWords(failures, '; ')}`, 'run: kugetsu doctor');
}

const MESSAGE = 'This is a test of the machinery. Reply with the word ok, and do nothing else: no tools, no changes.';

// What follows in the log on each step that is done there.
const NEXT: Readonly<Record<string, string>> = { worktree: 'session', session: 'agent', agent: 'answer' };

/** Starts the agent as `kugetsu start` does, and follows it to its end. @returns the verdict of a success */
async function followCanary({ context, runId }: CanaryHome, steps: Steps, signal: AbortSignal): Promise<Verdict> {
  steps.begin('start');
  const run = await startIssue(context, { ref: CANARY_REF, kind: 'start', message: MESSAGE, debug: false, runId });
  steps.done('start', `claimed, and a runner started (run ${runId})`);
  steps.begin('worktree');
  const ended = await followRun(context, {
    record: recordedRun(context, run.id, { type: 'issue', ref: formatIssueRef(CANARY_REF) }),
    run,
    settle: async () => reconcileRuns(context, { takeOver: false }),
    until: 'ended',
    onLine: ({ entry }) => noticeStep(entry, steps),
    signal,
  });
  const verdict = ended?.verdict ?? null;
  if (verdict === null) throw new AppError('no_verdict', 'the run has no verdict');
  if (verdict.outcome !== 'succeeded') throw new RunError(verdict.class, `${verdict.class}: ${verdict.message}`);
  return verdict;
}

function noticeStep(entry: RunLogEntry, steps: Steps): void {
  if (entry.from !== 'kugetsu' || entry.record.event !== 'step') return;
  const { name, note } = entry.record;
  steps.done(name, note);
  steps.begin(NEXT[name] ?? name);
}

interface Outcome {
  readonly verdict: Verdict;
  readonly steps: Steps;
  /** The refs of the repository that stands in for a server. */
  readonly refs: { readonly before: string; readonly now: () => Promise<string> };
}

/** Asserts what every run rests on. @throws AppError `canary_failed` that says what is otherwise */
async function checkOutcome(context: Context, { verdict, steps, refs }: Outcome): Promise<void> {
  steps.begin('answer');
  if (verdict.exit_code !== 0) throw canaryFailed(`the agent's exit code is ${verdict.exit_code}`);
  if (verdict.steps === 0 || verdict.reply === '') throw canaryFailed('no event holds an answer');
  steps.done('answer', `${oneLine(verdict.reply, 60)} (${plural(verdict.steps, 'step')}, exit code 0)`);

  steps.begin('directory');
  const session = await readIssueSession(context, formatIssueRef(CANARY_REF));
  const { opencode_session_id: id = null, worktree_path: worktree = null } = session ?? {};
  const [stored] = id === null ? [] : await context.opencode.describeSessions([id]);
  if (worktree === null || stored?.directory !== worktree) {
    throw canaryFailed(`the session belongs to ${stored?.directory ?? 'nothing'}, not to ${worktree ?? 'a worktree'}`);
  }
  const lack = await context.opencode.lackOfRights(stored, await unattendedRights(context));
  if (lack !== undefined) throw canaryFailed(`the session may wait forever: ${lack.message}`);
  steps.done('directory', `${worktree} is the session's own`);

  steps.begin('repository');
  const { evidence } = verdict;
  if (evidence === null) throw canaryFailed('git cannot tell what was done in the worktree');
  const { commits_ahead: commits, uncommitted_files: files } = evidence;
  if (commits > 0 || files > 0 || (await refs.now()) !== refs.before) {
    throw canaryFailed(
      `the agent changed something: ${plural(commits, 'commit')}, ${plural(files, 'uncommitted file')}`,
    );
  }
  steps.done('repository', 'untouched');
}

function canaryFailed(message: string): AppError {
  return new AppError('canary_failed', message);
}
