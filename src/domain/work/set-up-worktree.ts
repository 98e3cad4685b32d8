import { join } from 'node:path';
import { inWorktree } from '../../adapters/git/isolation.ts';
import { recordSetUp, setUpStateOf, workIn, type SetUpState } from '../../adapters/git/set-up-state.ts';
import { commitOf } from '../../adapters/git/temporary-index.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import type { Variables } from '../../util/layers.ts';
import { pasteQuote, plural } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import { said, told, words } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { parseIssueRef } from '../issues/issue-ref.ts';
import { agentEnvironment } from '../runs/agent-environment.ts';
import type { RunLog, Stepper } from '../runs/run-log.ts';
import { howItEnded, runUserCommand, type UserCommandResult } from '../runs/user-command.ts';
import type { RepositorySettings } from '../servers/repository-settings.ts';
import { copyIgnored, copySource, type CopySource } from '../worktrees/copy-ignored.ts';

/** The run for which a worktree is set up. */
export interface SetUpRun {
  readonly runId: string;
  readonly log: RunLog;
  readonly step: Stepper;
  /** Aborts when the run is to be stopped. */
  readonly signal: AbortSignal;
  /** Variables of the run's task. */
  readonly task: Variables;
}

/** What is done in a new worktree before an agent works there. */
export interface SetUpPlan {
  readonly copy: CopySource | undefined;
  /** What the user wrote for `setup`. */
  readonly setup: string | undefined;
}

interface Wanted {
  readonly ref: string;
  readonly settings: RepositorySettings;
  /** The directory of the base session. */
  readonly base: string | undefined;
}

/** What there is to be done for a worktree of this issue; undefined for nothing. */
export async function planSetUp(
  context: Context,
  { ref, settings, base }: Wanted,
  { step }: Pick<SetUpRun, 'step'>,
): Promise<SetUpPlan | undefined> {
  const { text: clean } = await redactorOf(context);
  const warn = async (text: Parameters<typeof told>[0]): Promise<void> => step.warn(told(text, clean));
  const copy = await copySource(context, { ref: parseIssueRef(ref), settings, base, warn });
  const { setup } = settings;
  return copy === undefined && setup === undefined ? undefined : { copy, setup };
}

/** A worktree that is there, and what a set-up is told of it. */
export interface SetUpPlace {
  readonly ref: string;
  readonly path: string;
  readonly repository: string;
  readonly branch: string;
  /** The name of the branch from which work began, as far as it is known. */
  readonly base: string | undefined;
}

/** Where HEAD was, and is. */
interface Moved {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/**
 * Copies ignored files into a worktree and runs the user's set-up there. What that leaves is nobody's work from then on, as long
 * as it stays as it is; what was somebody's before stays so. Until all of it is done, the worktree is known as not set up.
 *
 * @returns whether HEAD was moved
 * @throws AppError `setup_failed`, and whatever aborted `signal`
 */
export async function setUpWorktree(
  context: Context,
  { copy, setup }: Partial<SetUpPlan>,
  place: SetUpPlace,
  run: SetUpRun,
): Promise<Moved> {
  const { repository, path, ref } = place;
  const inside = { repository, worktree: path, env: context.env };
  const before = await inWorktree(inside, async (at) => {
    // Nobody has worked in one that was never set up.
    const isNew = (await setUpStateOf(at.metadata)) === 'pending';
    return { work: isNew ? new Set<string>() : await workIn(at), head: await commitOf('HEAD', at) };
  });
  const record = async (state: SetUpState): Promise<Moved> => {
    const after = await inWorktree(inside, async (at) => ({
      more: await recordSetUp(at, state, before?.work ?? new Set()),
      head: await commitOf('HEAD', at),
    }));
    const more = after?.more ?? 0;
    if (more > 0) {
      await run.step.warn(
        `the set-up left ${plural(more, 'file')} more than can be told apart from work; add them to .gitignore`,
      );
    }
    return { from: before?.head, to: after?.head };
  };
  try {
    if (copy !== undefined) await copyFor(context, copy, path, run);
    run.signal.throwIfAborted();
    if (setup !== undefined) await runSetUp(context, setup, place, run);
  } catch (error) {
    await record('failed').catch(() => undefined);
    throw error;
  }
  const moved = await record('done');
  if (before === undefined) await run.step.warn(`git cannot tell what the set-up changed in ${path} of ${ref}`);
  return moved;
}

async function copyFor(context: Context, source: CopySource, worktree: string, run: SetUpRun): Promise<void> {
  const { step, signal } = run;
  const { text: clean } = await redactorOf(context);
  const done = step.begin('files');
  const what = await copyIgnored(context, source, {
    worktree,
    signal,
    onProgress: async (note) => step.progress('files', note),
    warn: async (text) => step.warn(told(text, clean)),
  });
  await done(`copied ${told(what, clean)}`);
}

async function runSetUp(context: Context, command: string, place: SetUpPlace, run: SetUpRun): Promise<void> {
  const { ref, path, branch } = place;
  const { runId, log, signal, step } = run;
  const { SETUP_TIMEOUT_MINUTES: minutes } = await context.settings();
  const temporary = join(await context.tempDirectory(), runId);
  await makePrivateDirectory(temporary);
  const env = await agentEnvironment(context, {
    agent: 'dev-agent',
    issue: parseIssueRef(ref),
    branch,
    task: { ...run.task, ...issueVariables(place) },
    inHome: true,
    run: { id: runId, temporary },
  });
  const done = step.begin('set-up', 'running the set-up …');
  const timeoutMs = minutes * 60_000;
  const result = await runUserCommand(context, {
    name: 'set-up',
    command,
    directory: path,
    env,
    runId,
    timeoutMs,
    log,
    signal,
  });
  signal.throwIfAborted();
  if (result.exitCode !== 0 || result.endedFor !== undefined) throw setUpFailed(place, result, timeoutMs);
  await done('done');
}

/** What a command of the user's is told of the issue that it is run for. */
export function issueVariables({ ref, branch, base }: Pick<SetUpPlace, 'ref' | 'branch' | 'base'>): Variables {
  return { KUGETSU_ISSUE_REF: ref, KUGETSU_BRANCH: branch, KUGETSU_BASE_BRANCH: base };
}

const LAST_LINES = 5;
const LONGEST_TAIL = 400;

function setUpFailed({ ref, path }: SetUpPlace, result: UserCommandResult, timeoutMs: number): AppError {
  const how = howItEnded(result, `it was not done after ${formatDuration(timeoutMs)} (SETUP_TIMEOUT_MINUTES)`);
  const lines = result.tail.map((line) => line.trim()).filter((line) => line !== '');
  // The end says why.
  const last = lines.slice(-LAST_LINES).join(' / ').slice(-LONGEST_TAIL);
  const tail = last === '' ? '' : words`; it ended with: ${said(last, LONGEST_TAIL)}`;
  return new AppError('setup_failed', words`the set-up failed: ${how}${tail}`, {
    hint: `to look at it, run: cd ${pasteQuote(path)}; to set it up again and go on, run: kugetsu continue ${ref} MESSAGE`,
  });
}
