import * as z from 'zod/mini';
import type { AgentEvent } from '../../adapters/engine/agent-event.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine } from '../../util/text.ts';
import type { Context } from '../queue/context.ts';
import { excerpt, tell } from '../notifications/tell.ts';
import { ORIGIN_VARIABLE, TASK_VARIABLE } from '../issues/task-id.ts';
import { recordedRun } from './recorded-run.ts';
import { runLogPath } from '../runs/run-id.ts';
import type { RunRequest } from '../runs/run-request.ts';
import type { Assignment, Workplace } from './assignment.ts';
import { stepper, type Stepper } from '../runs/run-log.ts';
import { unattendedRights } from '../settings/unattended-rights.ts';
import { forkOf } from '../sessions/lost-session.ts';
import { readPmAgent } from '../sessions/read-sessions.ts';
import { pmDirectory } from '../sessions/take-over.ts';
import { pmTaskTitle } from '../sessions/session-titles.ts';

/** The run of the PM agent for one task, in a fork of the PM session that is the task's own. */
export function pmAssignment(context: Context, request: RunRequest): Assignment {
  const { id, kind, message, debug, task } = request;
  if (task === null) throw new Error(`the PM run ${id} is for no task`);
  const calls: KugetsuCall[] = [];
  return {
    subject: task,
    kind,
    agent: 'pm-agent',
    message,
    asked: request.asked,
    debug,
    log: runLogPath(context, id),
    env: { [TASK_VARIABLE]: task, [ORIGIN_VARIABLE]: task },
    record: recordedRun(context, id, { type: 'task', id: task }),
    prepare: async (log, signal) => prepare(context, { id, task }, stepper(context, log, signal)),
    atWork: async () => {
      const item = await context.queue.read(task);
      const asked = item?.message ?? '';
      await tell(context, { type: 'task_started', message: [excerpt(asked)], issue_ref: null, task });
    },
    onEvent({ raw, clean }) {
      const call = kugetsuCall(raw);
      // What is told of it is what may be written.
      if (call !== undefined) calls.push({ ...call, said: kugetsuCall(clean)?.said ?? '' });
    },
    reconsider: async (verdict) => {
      const why = verdict.outcome === 'succeeded' ? whyNothingStarted(calls) : undefined;
      if (why === undefined || ((await context.queue.read(task))?.children ?? []).length > 0) return verdict;
      const hint = `run: kugetsu logs ${task}; kugetsu doctor looks with the agents' environment`;
      return { ...verdict, outcome: 'failed', class: 'nothing_started', message: why, hint };
    },
    evidence: async () => null,
    afterwards: async (verdict) => {
      // The log has what it said; a retry would go on in the fork.
      const fork = (await context.queue.read(task))?.session_id ?? null;
      if (verdict.outcome === 'succeeded' && fork !== null)
        await context.opencode.deleteSession(fork).catch(() => undefined);
    },
  };
}

/** A retry goes on in the fork that the task has; it remembers what it has already started. */
async function prepare(
  context: Context,
  { id, task }: { readonly id: string; readonly task: string },
  step: Stepper,
): Promise<Workplace> {
  const done = step.begin('session');
  const pmAgent = await readPmAgent(context);
  if (pmAgent === undefined) {
    throw new AppError('pm_agent_missing', "the PM agent's session is gone", {
      hint: 'run: kugetsu init',
      exit: EXIT.notReady,
    });
  }
  const directory = await pmDirectory(context, pmAgent);
  const model = pmAgent.model ?? undefined;
  const earlier = (await context.queue.read(task))?.session_id ?? null;
  if (earlier !== null) {
    const [stored] = await context.opencode.describeSessions([earlier]);
    if (stored?.directory === directory) {
      await done(`${earlier}, going on`);
      return { session: earlier, directory, model };
    }
  }
  await step.progress('session', `forking the PM agent's session ${pmAgent.opencode_session_id} …`);
  const rights = await unattendedRights(context);
  const session = await forkOf(context, pmAgent, { title: pmTaskTitle(task), directory, rights });
  await rememberFork(context, { run: id, task, session });
  await done(`${session}, forked from ${pmAgent.opencode_session_id}`);
  return { session, directory, model };
}

/**
 * Writes a fork into the task that it was made for, unless the task has another run by now: that one has a fork of its own.
 *
 * @throws AppError `run_over` then, and the fork is gone
 */
export async function rememberFork(
  { queue, opencode }: Pick<Context, 'queue'> & { readonly opencode: Pick<Context['opencode'], 'deleteSession'> },
  { run, task, session }: { readonly run: string; readonly task: string; readonly session: string },
): Promise<void> {
  const change = await queue.update(task, (item) => (item.run_id === run ? { ...item, session_id: session } : item));
  if (change?.after.session_id === session) return;
  await opencode.deleteSession(session).catch(() => undefined);
  throw new AppError('run_over', `this run is over: ${task} is no longer worked on by ${run}`, {
    hint: 'run: kugetsu queue list',
  });
}

/** A command line of the PM agent in which kugetsu is called. */
export interface KugetsuCall {
  /** Whether it is to put an agent to work, or a task into the queue. */
  readonly starts: boolean;
  readonly failed: boolean;
  /** What it said about that. */
  readonly said: string;
}

const CALLS = /(?:^|[\s;&|(/])kugetsu\s+(?!-)/;
const STARTS = /(?:^|[\s;&|(/])kugetsu\s+(?:start|continue|delegate|queue\s+enqueue)\b/;
// Their exit code is an answer, and not that they failed.
const ANSWERS = /(?:^|[\s;&|(/])kugetsu\s+(?:status|doctor|logs|queue-daemon\s+status|\S+\s+--help)\b/;
/** kugetsu's exit code for an issue that is being worked on. */
const BUSY = 4;

/** What a tool of the PM agent has called; undefined when that is not kugetsu, or nothing that can fail. */
export function kugetsuCall(event: AgentEvent): KugetsuCall | undefined {
  if (event.type !== 'tool_use') return undefined;
  const { output = '', exitCode } = event;
  const command = commandIn(event.input);
  const starts = STARTS.test(command);
  if (!starts && (!CALLS.test(command) || ANSWERS.test(command))) return undefined;
  if (exitCode === BUSY) return { starts, failed: false, said: '' };
  const complaint = output.split('\n').find((line) => /^kugetsu: |kugetsu.*not found/.test(line));
  // Behind a pipe the exit code is another program's.
  const failed = (exitCode ?? (event.status === 'error' ? 1 : 0)) !== 0 || complaint !== undefined;
  return { starts, failed, said: oneLine(complaint ?? output, 200) };
}

function commandIn(input: string): string {
  try {
    return z.looseObject({ command: z.string() }).parse(JSON.parse(input)).command;
  } catch {
    // It has no command line, or what was redacted in it went beyond one word.
    return '';
  }
}

/**
 * Why a PM agent that has started nothing has not done its task: what it called to start something has failed, or, when it
 * called nothing to do so, everything else that it called. Undefined when it did not want to start anything, or could.
 */
export function whyNothingStarted(calls: readonly KugetsuCall[]): string | undefined {
  const starting = calls.filter(({ starts }) => starts);
  const counted = starting.length > 0 ? starting : calls;
  const last = counted.at(-1);
  if (last === undefined || counted.some(({ failed }) => !failed)) return undefined;
  return `every kugetsu command of the PM agent failed${last.said === '' ? '' : `: ${last.said}`}`;
}
