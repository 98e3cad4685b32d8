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
import { checkOutcome } from './check-outcome.ts';
import { Steps, type CanaryStep } from './steps.ts';
import { formatIssueRef } from '../../issues/issue-ref.ts';
import { followRun } from '../../work/follow-run.ts';
import { reconcileRuns } from '../../work/reconcile-runs.ts';
import type { RunLogEntry } from '../../runs/run-log-lines.ts';
import { recordedRun } from '../../work/recorded-run.ts';
import type { Verdict } from '../../runs/run-schema.ts';
import { startIssue } from '../../work/start-issue.ts';

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
