import { changedBetween, trackedChanges } from '../../adapters/git/worktree-changes.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import type { RunLog } from '../runs/run-log.ts';
import { howItEnded, runUserCommand } from '../runs/user-command.ts';
import { readIssueSession } from '../sessions/read-sessions.ts';
import type { Checked } from './until-done.ts';

/** A check of the work in a worktree, as the agent's processes would run it. */
export interface CheckRun {
  readonly ref: string;
  readonly command: string;
  readonly directory: string;
  /** The agent's environment, with the run's id. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The agent's own temporary directory, which its environment names. */
  readonly tempDirectory: string;
  readonly runId: string;
  readonly log: RunLog;
  readonly signal: AbortSignal;
}

/** How many files are named that a check has changed. */
const MOST_NAMED = 10;

/** Runs the check of a repository; what it prints goes into the run's log. */
export async function runCheck(context: Context, run: CheckRun): Promise<Checked> {
  const { CHECK_TIMEOUT_MINUTES: minutes } = await context.settings();
  const { command, log } = run;
  await makePrivateDirectory(run.tempDirectory);
  const before = await tracked(context, run);
  const result = await runUserCommand(context, { name: 'check', timeoutMs: minutes * 60_000, ...run });
  const { text: clean } = await redactorOf(context);
  const changed = changedBetween(before, await tracked(context, run)).map(clean);
  const how = howItEnded(result, `not finished within CHECK_TIMEOUT_MINUTES (${minutes})`);
  const isPassed = result.exitCode === 0 && result.endedFor === undefined;
  await log.record({ event: 'step', name: 'check', note: isPassed ? 'passed' : how, ms: result.ms });
  const note = changed.length === 0 ? undefined : `the check changed tracked files: ${named(changed)}`;
  if (note !== undefined) await log.record({ event: 'warning', text: note });
  const exitCode = result.endedFor === undefined ? (result.exitCode ?? null) : null;
  return {
    result: { command: clean(command), exit_code: exitCode, ms: Math.round(result.ms), changed: changed.length },
    message: isPassed ? undefined : failureMessage({ command: clean(command), how, tail: result.tail, note }),
    how,
    isStopped: result.endedFor === 'stopped',
  };
}

async function tracked(context: Context, { ref, directory }: CheckRun): ReturnType<typeof trackedChanges> {
  const { repository = null } = (await readIssueSession(context, ref).catch(() => undefined)) ?? {};
  return repository === null ? undefined : trackedChanges(directory, { repository, env: context.env });
}

function named(files: readonly string[]): string {
  const more = files.length - MOST_NAMED;
  return `${files.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

interface Failure {
  readonly command: string;
  readonly how: string;
  readonly tail: readonly string[];
  readonly note: string | undefined;
}

function failureMessage({ command, how, tail, note }: Failure): string {
  const output = tail.join('\n').trim();
  return [
    `The check of this repository failed (${how}): ${command}`,
    output === '' ? 'It printed nothing.' : `It ended with:\n\n${output}`,
    ...(note === undefined ? [] : [`Mind that ${note}.`]),
    'Mend what is wrong. The check runs again when you are done.',
  ].join('\n\n');
}
