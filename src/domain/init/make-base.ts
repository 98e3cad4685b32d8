import { join } from 'node:path';
import { AppError, RunError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { formatDuration } from '../../util/time.ts';
import type { Context } from '../context.ts';
import { requireMessage } from '../issues/issue-ref.ts';
import { agentEnvironment } from '../runs/agent-environment.ts';
import { deadlinesOf } from '../runs/deadlines.ts';
import { explainStartup } from '../runs/explain-startup.ts';
import { sizeLimit } from '../runs/log-limits.ts';
import { ownRun } from '../runs/orphans.ts';
import { runAgent } from '../runs/run-agent.ts';
import { openRunLog } from '../runs/run-log.ts';
import { newRunId, runLogPath } from '../runs/run-id.ts';
import { BASE_TITLE } from '../sessions/session-titles.ts';
import { unattendedRights } from '../settings/unattended-rights.ts';

/** How the base session is made, and who is told of the steps. */
export interface InitRequest {
  readonly force: boolean;
  /** `terminal` opens opencode's own interface on the base session. */
  readonly mode: 'headless' | 'terminal';
  /** `provider/model` for all sessions; opencode's own choice without. */
  readonly model: string | undefined;
  /** What the base session is told once, so that every agent knows it. */
  readonly prompt: string | undefined;
  readonly report: (step: string) => void;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Makes the base session without a terminal, and tells it the prompt. @returns its id */
export async function makeHeadlessBase(context: Context, request: InitRequest): Promise<string> {
  const { prompt } = request;
  if (prompt !== undefined) requireMessage(prompt);
  const rights = await unattendedRights(context);
  const id = await context.opencode.createSession({ title: BASE_TITLE, directory: context.cwd, rights });
  if (prompt === undefined) return id;
  try {
    await tellBase(context, id, { ...request, prompt });
    return id;
  } catch (error) {
    await context.opencode.deleteSession(id).catch(() => undefined);
    throw error;
  }
}

/**
 * Makes the base session and opens opencode's terminal interface on it, until the user leaves. A session that the user
 * began there instead is taken when the prepared one stayed empty.
 * @returns its id
 */
export async function makeTerminalBase(context: Context, { report }: InitRequest): Promise<string> {
  const { opencode, cwd, clock } = context;
  const since = clock.now();
  const id = await opencode.createSession({ title: BASE_TITLE, directory: cwd, rights: { kind: 'attended' } });
  report('opening opencode: tell it what every agent should know, then leave it (Ctrl+C, or /exit)');
  try {
    await opencode.attach({ session: id, directory: cwd, projectConfig: true });
  } catch (error) {
    const [left] = await opencode.describeSessions([id]).catch(() => []);
    if (left?.messages === 0) await opencode.deleteSession(id).catch(() => undefined);
    throw error;
  }
  const [prepared] = await opencode.describeSessions([id]);
  if (prepared !== undefined && prepared.messages > 0) {
    await tellOfAnswers(context, id, report);
    return id;
  }
  const other = (await opencode.sessionsCreatedIn(cwd, since)).find((candidate) => candidate !== id);
  if (other === undefined && prepared !== undefined) {
    report('the base session is empty: agents will know nothing about the project');
    return id;
  }
  if (other === undefined) {
    throw new AppError(
      'base_session_missing',
      'the base session was deleted in the terminal, and no other one was made',
      {
        hint: 'run: kugetsu init',
      },
    );
  }
  await opencode.deleteSession(id);
  await tellOfAnswers(context, other, report);
  return other;
}

/** Of an interrupted or failed answer, agents know only the question. */
async function tellOfAnswers({ opencode }: Context, id: string, report: (step: string) => void): Promise<void> {
  if ((await opencode.finishedAnswers(id)) > 0) return;
  report('note: the base session has no complete answer: agents will know only what was asked');
  report('  to make another one, run: kugetsu init --force');
}

async function tellBase(
  context: Context,
  id: string,
  { prompt, model, report, signal }: InitRequest & { readonly prompt: string },
): Promise<void> {
  const { home, cwd, clock } = context;
  const runId = newRunId(context);
  const settings = await context.settings();
  const maxBytes = sizeLimit(settings.RUN_LOG_MAX_MB);
  const log = await openRunLog(context, runLogPath(context, runId), { maxBytes });
  const startedAt = clock.monotonic();
  const disown = await ownRun(context, runId, { kind: 'init', what: 'init' });
  report(`sending the prompt to the base session (log: ${log.path})`);
  try {
    await log.record({ event: 'started', run: runId, kind: 'init', subject: '(base)', message: prompt });
    const tempDirectory = join(await context.tempDirectory(), runId);
    const env = await agentEnvironment(context, { agent: 'dev-agent', run: { id: runId, temporary: tempDirectory } });
    // This is the user's own checkout, where they could have opened opencode themselves.
    const projectConfig = true;
    const agent = settings.AGENT_NAME;
    const request = { session: id, directory: cwd, message: prompt, model, agent, debug: false, projectConfig, env };
    const since = clock.now();
    const ended = await runAgent(context, {
      runId,
      runDirectory: join(home.runs, runId),
      tempDirectory,
      request,
      log,
      deadlines: deadlinesOf(settings),
      signal,
      onStarted: async (pid) => log.record({ event: 'at_work', session: id, directory: cwd, pid }),
    });
    const verdict = await explainStartup(context, ended, { session: id, directory: cwd, since });
    await log.record({ event: 'ended', verdict: { ...verdict, evidence: null } });
    if (verdict.outcome === 'stopped') {
      throw new AppError('interrupted', 'interrupted: nothing was initialised', { exit: EXIT.interrupted });
    }
    if (verdict.outcome !== 'succeeded') {
      throw new RunError(verdict.class, `the base session did not accept the prompt: ${verdict.message}`, {
        hint: `the log has the details: ${log.path}`,
      });
    }
    report(`the base session has answered after ${formatDuration(clock.monotonic() - startedAt)}`);
  } finally {
    await disown();
    await log.close();
  }
}
