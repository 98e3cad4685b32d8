import { RUN_ID_VARIABLE } from '../../adapters/process/environment.ts';
import { AppError } from '../../util/errors.ts';
import { AGENT_VARIABLE } from '../agent-env/agents.ts';
import type { Context } from '../context.ts';

/** Who called this process from inside a run. */
export interface CallingAgent {
  readonly runId: string;
  /** Its name (`pm-agent`, `dev-agent`); undefined when its environment does not say. */
  readonly agent: string | undefined;
}

/** The agent in whose run this process was called; undefined when a person, cron or another program called it. */
export function callingAgent(env: Context['env']): CallingAgent | undefined {
  const runId = env[RUN_ID_VARIABLE];
  return runId === undefined || runId === '' ? undefined : { runId, agent: env[AGENT_VARIABLE] };
}

/**
 * The error for what only a person may ask for. It stops an agent that is confused, or that does what an injected text
 * says; it is no sandbox, because an agent runs as the same user and can leave the variable out.
 *
 * @param what the command, as it is typed
 * @param why what it would do to others, as a sentence without a full stop
 */
export function peopleOnly(what: string, why: string): AppError {
  return new AppError('people_only', `agents may not run ${what}: ${why}`, {
    hint: 'if it is needed, say so in your answer; a person can run it outside of an agent',
  });
}
