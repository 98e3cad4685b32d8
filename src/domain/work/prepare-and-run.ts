import { join } from 'node:path';
import type { AgentRequest, EngineChoice } from '../../adapters/engine/agent-engine.ts';
import { isInside } from '../../adapters/store/paths.ts';
import { AppError } from '../../util/errors.ts';
import { said, words } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { agentEnvironment, writeAgentNotes } from '../runs/agent-environment.ts';
import { identityProblem } from '../runs/agent-surroundings.ts';
import { deadlinesOf, type Deadlines } from '../runs/deadlines.ts';
import { explainStartup } from '../runs/explain-startup.ts';
import { preamble } from '../runs/preamble.ts';
import { runAgent } from '../runs/run-agent.ts';
import type { RunLog } from '../runs/run-log.ts';
import { atWork } from '../runs/run-record.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { DaySpending } from '../runs/spending.ts';
import type { Assignment, Workplace } from './assignment.ts';
import { formatIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { type DoneRules, untilDone, type Worked } from './until-done.ts';
import type { RunAgent } from '../agent-env/agents.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import { repositorySettings } from '../servers/repository-settings.ts';
import { SettingsSchema } from '../settings-schema.ts';

type BareVerdict = Omit<Verdict, 'evidence'>;

/** A run that was taken over. */
interface Taken {
  readonly runId: string;
  readonly task: Assignment;
  /** Aborts when the run is to be stopped. */
  readonly signal: AbortSignal;
}

const ENGINE_VARIABLE = 'AGENT_ENGINE';

/** What an agent that works on an issue has no use for: it would hand its issue on. */
const PEOPLES_SKILLS = ['kugetsu'];

/** Makes everything ready for the agent, and lets it work until it is done. @throws whatever keeps it from being begun */
export async function prepareAndRun(context: Context, taken: Taken, log: RunLog): Promise<Worked> {
  const { runId, task, signal } = taken;
  const tempDirectory = join(await context.tempDirectory(), runId);
  const run = { id: runId, temporary: tempDirectory };
  // Its session, its directory and its branch are not known yet.
  const unplaced = { session: '', directory: context.home.root, model: undefined };
  const asks = async (): Promise<AgentRequest> => requestFor(context, { task, place: unplaced, run });
  const readying = context.opencode.ready(asks, await engineChoice(context, task));
  readying.catch(() => undefined);
  const place = await task.prepare(log, signal);
  signal.throwIfAborted();
  const asked = await requestFor(context, { task, place, run });
  if (task.agent === 'dev-agent') await warnOfIdentity(asked, log);
  const rules = await task.rules?.({ directory: place.directory, env: asked.env, tempDirectory, log, signal });
  const request = { ...asked, message: `${await standing(context, { task, place, rules })}${asked.message}` };
  const work = await workerOf(context, { ...taken, place, request, tempDirectory, log });
  return rules === undefined ? { verdict: await work() } : untilDone(work, rules);
}

interface Ready extends Taken {
  readonly place: Workplace;
  readonly request: AgentRequest;
  readonly tempDirectory: string;
  readonly log: RunLog;
}

/** What lets the agent work on a message, the task's own without one, after what it has used `before`. */
async function workerOf(
  context: Context,
  { runId, task, signal, place, request, tempDirectory, log }: Ready,
): Promise<(message?: string, before?: BareVerdict) => Promise<BareVerdict>> {
  const { clock, home } = context;
  const { session, directory, model, inherited } = place;
  const settings = await context.settings();
  // It is known by now; what opencode itself is missing is said where it is started.
  const opencode = await context.opencode.probe().then(
    ({ version }) => version,
    () => undefined,
  );
  const mainCheckout = await foreign(context, place.mainCheckout);
  const spending = new DaySpending(context);
  let workedMs = 0;
  return async (message, before) => {
    const [startedAt, since] = [clock.monotonic(), clock.now()];
    if (message !== undefined) await log.record({ event: 'message', message });
    const verdict = await runAgent(context, {
      runId,
      runDirectory: join(home.runs, runId),
      tempDirectory,
      request: message === undefined ? request : { ...request, message },
      log,
      deadlines: without(deadlinesOf(settings), workedMs),
      budget: settings,
      before,
      mainCheckout,
      signal,
      onStep: async (used) => spending.add(used),
      onEvent: (event) => task.onEvent?.(event),
      onStarted: async (pid) => {
        await task.record.change((run) => atWork(run, { pid, opencode, model, inherited }, clock.now()));
        const ms = clock.monotonic() - startedAt;
        await log.record({ event: 'step', name: 'agent', note: 'opencode process started', ms });
        await log.record({ event: 'at_work', session, directory, pid });
        if (message === undefined) await task.atWork();
      },
    });
    workedMs += clock.monotonic() - startedAt;
    const explained = await explainStartup(context, verdict, { session, directory, since });
    return task.reconsider === undefined ? explained : task.reconsider(explained);
  };
}

/** The run as a whole has one deadline, however often the agent is told something. */
function without(deadlines: Deadlines, workedMs: number): Deadlines {
  const { totalMs } = deadlines;
  return totalMs === 0 ? deadlines : { ...deadlines, totalMs: Math.max(1, totalMs - workedMs) };
}

interface Seat {
  readonly task: Assignment;
  readonly place: Workplace;
  readonly run: { readonly id: string; readonly temporary: string };
}

/** What the engine is asked: the task's message, for an agent with this environment. */
async function requestFor(context: Context, { task, place, run }: Seat): Promise<AgentRequest> {
  const { session, directory, model, branch } = place;
  const { agent: role, issue, message, debug } = task;
  const env = await agentEnvironment(context, { agent: role, issue, branch, task: task.env, inHome: true, run });
  const { AGENT_PROJECT_CONFIG: projectConfig, AGENT_NAME: agent } = await context.settings();
  const isDeveloper = role === 'dev-agent';
  const notes = isDeveloper ? await writeAgentNotes(context) : undefined;
  const hiddenSkills = isDeveloper ? PEOPLES_SKILLS : [];
  return { session, directory, message, model, agent, debug, projectConfig, notes, hiddenSkills, env };
}

async function warnOfIdentity({ directory, env }: AgentRequest, log: RunLog): Promise<void> {
  const problem = await identityProblem(directory, env);
  if (problem !== undefined) await log.record({ event: 'warning', text: problem });
}

/** What an agent on an issue is told of where it stands, before its message. */
async function standing(
  context: Context,
  { task, place, rules }: Pick<Taken, 'task'> & { readonly place: Workplace; readonly rules: DoneRules | undefined },
): Promise<string> {
  if (task.issue === undefined || rules === undefined) return '';
  if (!(await context.settings()).AGENT_PREAMBLE) return '';
  const { branch, pullRequest, base } = place;
  const { doneWhen, check } = rules;
  return preamble({
    ref: formatIssueRef(task.issue),
    branch,
    pullRequest,
    base,
    doneWhen,
    isChecked: check !== undefined,
  });
}

/** A checkout that has kugetsu's home in it is no checkout: each worktree would be in it, too. */
async function foreign({ home }: Pick<Context, 'home'>, checkout: string | undefined): Promise<string | undefined> {
  return checkout === undefined || (await isInside(checkout, home.root)) ? undefined : checkout;
}

/**
 * Where this agent is to work, by its env files or, failing that, by its repository; undefined when both leave it to the home's
 * own setting.
 *
 * @throws AppError `bad_env_file`, `corrupt_file`, `bad_repository_setting`
 */
async function engineChoice(
  context: Pick<Context, 'home' | 'env'>,
  { agent, issue }: { readonly agent: RunAgent; readonly issue?: IssueRef | undefined },
): Promise<EngineChoice | undefined> {
  const { [ENGINE_VARIABLE]: ofAgent } = await readAgentVariables(context, agent);
  if (ofAgent === undefined) return issue === undefined ? undefined : (await repositorySettings(context, issue)).engine;
  const { data, error } = SettingsSchema.shape[ENGINE_VARIABLE].safeParse(ofAgent);
  if (data !== undefined) return data;
  throw new AppError(
    'bad_env_file',
    words`${ENGINE_VARIABLE} of ${agent}: ${error?.issues[0]?.message ?? ''}, not ${said(ofAgent)}`,
    {
      hint: `run: kugetsu env set ${ENGINE_VARIABLE} process ${agent}`,
    },
  );
}
