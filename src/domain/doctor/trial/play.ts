import { join } from 'node:path';
import type { AgentExit, AgentHandle } from '../../../adapters/engine/agent-engine.ts';
import type { AgentEvent } from '../../../adapters/engine/agent-event.ts';
import { endProcessesOfRun } from '../../../adapters/process/end-processes.ts';
import { processesOfRun } from '../../../adapters/process/process-table.ts';
import { RUN_ID_VARIABLE } from '../../../adapters/process/environment.ts';
import { makePrivateDirectory, removeDirectory } from '../../../adapters/store/private-files.ts';
import type { Context } from '../../context.ts';
import { newRunId } from '../../runs/run-id.ts';
import type { TrialWorld } from './trial-world.ts';

/** How long an agent of the trial may take, in milliseconds: its model answers at once. */
const LIMIT_MS = 180_000;
const LOOK_MS = 100;

type TrialContext = Pick<Context, 'clock' | 'opencode'>;

/** What came of a message to an agent. */
export interface Played {
  readonly exit: AgentExit;
  readonly events: readonly AgentEvent[];
  readonly runId: string;
}

/** What is done to an agent in the middle of its work. */
export type Blow = (agent: AgentHandle) => Promise<void> | void;

interface Message {
  readonly session: string;
  readonly directory: string;
  readonly message: string;
  /** What is done once a tool works; without, the agent comes to its own end. */
  readonly blow?: Blow;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/**
 * Gives an agent a message, and waits for its end.
 *
 * @throws Error when it takes too long, or `signal` aborts; nothing of it goes on
 */
export async function play(context: TrialContext, world: TrialWorld, given: Message): Promise<Played> {
  const { session, directory, message, blow, signal } = given;
  const runId = newRunId(context);
  const runDirectory = join(world.root, runId);
  await makePrivateDirectory(runDirectory);
  const env = { ...world.env, [RUN_ID_VARIABLE]: runId };
  const request = { session, directory, message, model: undefined, debug: false, env };
  const agent = await context.opencode.run(request, { runId, runDirectory });
  const events: AgentEvent[] = [];
  try {
    await untilEnd(context, { agent, runId, events, blow, signal });
    return { exit: await agent.ended, events, runId };
  } finally {
    await agent.stop();
    await endProcessesOfRun({ runId, clock: context.clock });
    await agent.close();
    await removeDirectory(runDirectory);
  }
}

interface Watched {
  readonly agent: AgentHandle;
  readonly runId: string;
  readonly events: AgentEvent[];
  readonly blow: Blow | undefined;
  readonly signal: AbortSignal;
}

async function untilEnd({ clock }: TrialContext, { agent, runId, events, blow, signal }: Watched): Promise<void> {
  const until = clock.monotonic() + LIMIT_MS;
  let waiting = blow;
  const ended = new AbortController();
  void agent.ended.then(() => ended.abort());
  while (!ended.signal.aborted) {
    await hear(agent, events);
    signal.throwIfAborted();
    if (waiting !== undefined && processesOfRun(runId).some(({ pid }) => pid !== agent.pid)) {
      const strike = waiting;
      waiting = undefined;
      await strike(agent);
    }
    if (clock.monotonic() > until) throw new Error('the agent did not come to an end');
    await clock.sleep(LOOK_MS);
  }
  await hear(agent, events);
  if (waiting !== undefined) throw new Error('no tool of the agent was seen at work');
}

async function hear(agent: AgentHandle, events: AgentEvent[]): Promise<void> {
  for await (const said of agent.events()) if (said.from === 'agent') events.push(said.event);
}
