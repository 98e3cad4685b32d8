import { join } from 'node:path';
import type { AgentRequest } from '../../adapters/engine/agent-engine.ts';
import { isInside } from '../../adapters/store/paths.ts';
import type { Context } from '../queue/context.ts';
import { agentEnvironment, writeAgentNotes } from '../runs/agent-environment.ts';
import { identityProblem } from '../runs/agent-surroundings.ts';
import { deadlinesOf } from '../runs/deadlines.ts';
import { explainStartup } from '../runs/explain-startup.ts';
import { runAgent } from '../runs/run-agent.ts';
import type { RunLog } from '../runs/run-log.ts';
import { atWork } from '../runs/run-record.ts';
import type { Verdict } from '../runs/run-schema.ts';
import { DaySpending } from '../runs/spending.ts';
import type { Assignment, Workplace } from './assignment.ts';

/** A run that was taken over. */
interface Taken {
  readonly runId: string;
  readonly task: Assignment;
  /** Aborts when the run is to be stopped. */
  readonly signal: AbortSignal;
}

/** What an agent that works on an issue has no use for: it would hand its issue on. */
const PEOPLES_SKILLS = ['kugetsu'];

/** Makes everything ready for the agent, and lets it work to its end. @throws whatever keeps it from being begun */
export async function prepareAndRun(
  context: Context,
  { runId, task, signal }: Taken,
  log: RunLog,
): Promise<Omit<Verdict, 'evidence'>> {
  const { clock, home } = context;
  const place = await task.prepare(log, signal);
  signal.throwIfAborted();
  const startedAt = clock.monotonic();
  const { session, directory } = place;
  const tempDirectory = join(await context.tempDirectory(), runId);
  const request = await requestFor(context, { task, place, run: { id: runId, temporary: tempDirectory } }, log);
  const settings = await context.settings();
  const since = clock.now();
  const spending = new DaySpending(context);
  const verdict = await runAgent(context, {
    runId,
    runDirectory: join(home.runs, runId),
    tempDirectory,
    request,
    log,
    deadlines: deadlinesOf(settings),
    budget: settings,
    mainCheckout: await foreign(context, place.mainCheckout),
    signal,
    onStep: async (used) => spending.add(used),
    onEvent: (event) => task.onEvent?.(event),
    onStarted: async (pid) => {
      await task.record.change((run) => atWork(run, pid, clock.now()));
      const ms = clock.monotonic() - startedAt;
      await log.record({ event: 'step', name: 'agent', note: 'opencode process started', ms });
      await log.record({ event: 'at_work', session, directory, pid });
      await task.atWork();
    },
  });
  const explained = await explainStartup(context, verdict, { session, directory, since });
  return task.reconsider === undefined ? explained : task.reconsider(explained);
}

interface Seat {
  readonly task: Assignment;
  readonly place: Workplace;
  readonly run: { readonly id: string; readonly temporary: string };
}

/** What the engine is asked: the task's message, for an agent with this environment. */
async function requestFor(context: Context, { task, place, run }: Seat, log: RunLog): Promise<AgentRequest> {
  const { session, directory, model, branch } = place;
  const { agent: role, issue, message, debug } = task;
  const env = await agentEnvironment(context, { agent: role, issue, branch, task: task.env, inHome: true, run });
  const { AGENT_PROJECT_CONFIG: projectConfig, AGENT_NAME: agent } = await context.settings();
  const isDeveloper = role === 'dev-agent';
  if (isDeveloper) {
    const problem = await identityProblem(directory, env);
    if (problem !== undefined) await log.record({ event: 'warning', text: problem });
  }
  const notes = isDeveloper ? await writeAgentNotes(context) : undefined;
  const hiddenSkills = isDeveloper ? PEOPLES_SKILLS : [];
  return { session, directory, message, model, agent, debug, projectConfig, notes, hiddenSkills, env };
}

/** A checkout that has kugetsu's home in it is no checkout: each worktree would be in it, too. */
async function foreign({ home }: Pick<Context, 'home'>, checkout: string | undefined): Promise<string | undefined> {
  return checkout === undefined || (await isInside(checkout, home.root)) ? undefined : checkout;
}
