import type { FailureReason } from '../../adapters/engine/agent-event.ts';
import { oneLine } from '../../util/text.ts';
import { limitWords, type ReachedLimit } from './spending.ts';
import type { ModelError, Observation } from './observation.ts';
import type { Verdict } from './run-schema.ts';

/** Why kugetsu itself ended an agent. */
export type EndReason =
  | 'stopped'
  | 'startup_timeout'
  | 'stall_timeout'
  | 'total_timeout'
  | 'unknown_finish'
  | 'agent_unavailable'
  | 'over_budget';

/** How the process of the agent ended, and whether kugetsu ended it. */
export interface AgentEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly endedFor: EndReason | undefined;
  /** Whether nothing can be written any more where its output goes, so that its last words may be missing. */
  readonly diskFull?: boolean;
  /** The limit at which it was ended for its budget. */
  readonly limit?: ReachedLimit | undefined;
  /** Whether the kernel has ended a process meanwhile because memory ran out. */
  readonly outOfMemory?: boolean;
}

type Judgement = Pick<Verdict, 'outcome' | 'class' | 'message' | 'retryable'>;

/** What an engine says, and goes on to exit code 0. */
const SAID_AND_DONE = new Set(['permission_rejected', 'agent_unavailable']);

const DISK_FULL: Judgement = {
  outcome: 'failed',
  class: 'disk_full',
  message: "the disk with kugetsu's home is full; the agent's last output may be missing",
  retryable: false,
};

const KILLED_EXIT = 128 + 9;

const OUT_OF_MEMORY: Judgement = {
  outcome: 'failed',
  class: 'out_of_memory',
  message: 'the kernel ended the agent because memory ran out',
  retryable: true,
};

/** The verdict on a run without the evidence of its worktree: the event stream first, the exit code second. */
export function judge(seen: Observation, end: AgentEnd): Omit<Verdict, 'evidence'> {
  return {
    ...judgement(seen, end),
    exit_code: end.exitCode ?? null,
    signal: end.signal ?? null,
    steps: seen.steps,
    tokens: { ...seen.tokens },
    cost: seen.cost,
    reply: seen.reply,
    ...(seen.elsewhere === undefined ? {} : { elsewhere: seen.elsewhere }),
    ...(end.limit === undefined ? {} : { limit: { ...end.limit } }),
  };
}

function judgement(seen: Observation, end: AgentEnd): Judgement {
  if (end.endedFor !== undefined) return endedByKugetsu(end.endedFor, seen, end);
  if (isKilledForMemory(end)) return OUT_OF_MEMORY;
  if (seen.error !== undefined) return fromError(seen.error, seen);
  if (seen.reason !== undefined && (end.exitCode !== 0 || SAID_AND_DONE.has(seen.reason.class))) {
    const { class: name, message, retryable } = seen.reason;
    return failed(name, message, retryable);
  }
  if (end.diskFull === true && (end.exitCode !== 0 || seen.lastFinish !== 'stop')) return DISK_FULL;
  if (end.signal !== undefined) return failed('agent_killed', `the agent was ended by ${end.signal}`, true);
  if (end.exitCode !== 0) {
    const reason = seen.lastRemark === '' ? '' : `: ${seen.lastRemark}`;
    const said = seen.lastFinish === 'stop' ? 'reported that it was done, but ' : '';
    const how = end.exitCode === undefined ? 'ended for an unknown reason' : `ended with exit code ${end.exitCode}`;
    return failed('opencode_failed', `opencode ${said}${how}${reason}`, true);
  }
  return fromFinish(seen);
}

/** A program that stands between may turn the signal into an exit code, as a shell does. */
function isKilledForMemory({ outOfMemory, signal, exitCode }: AgentEnd): boolean {
  return outOfMemory === true && (signal === 'SIGKILL' || exitCode === KILLED_EXIT);
}

function fromFinish({ lastFinish, toldFinish, lastRemark }: Observation): Judgement {
  if (lastFinish === 'stop') return { outcome: 'succeeded', class: 'ok', message: 'done', retryable: false };
  if (lastFinish === undefined) {
    const reason = lastRemark === '' ? '' : `: ${lastRemark}`;
    return failed('no_result', `opencode ended without finishing a single step${reason}`, true);
  }
  if (lastFinish === 'length') return failed('truncated', "the model's answer was cut off at its length limit", false);
  return failed('unfinished', `the agent ended in the middle of its work (last finish: ${toldFinish})`, true);
}

function endedByKugetsu(reason: EndReason, seen: Observation, { limit }: AgentEnd): Judgement {
  const last = lastWords(seen);
  switch (reason) {
    case 'stopped':
      return { outcome: 'stopped', class: 'stopped', message: 'stopped on request', retryable: false };
    case 'startup_timeout':
      return failed(reason, `no event from the agent within AGENT_STARTUP_TIMEOUT_SECONDS${last}`, true);
    case 'stall_timeout':
      return failed(reason, `no event and no activity for AGENT_STALL_TIMEOUT_MINUTES${last}`, true);
    case 'total_timeout':
      return failed(reason, 'not finished within AGENT_TIMEOUT_MINUTES', false);
    case 'agent_unavailable':
      return failed(reason, `${seen.reason?.message ?? ''}; it was ended before it did anything`, false);
    case 'over_budget':
      return failed(reason, limit === undefined ? 'the run has used up its budget' : limitWords(limit), false);
    case 'unknown_finish':
      return failed(reason, 'the model ended three steps in a row without a reason that opencode knows', true);
  }
}

/** Between two calls of the model opencode says nothing, for days if the model asks it to wait; the reason is in a remark. */
function lastWords({ lastRemark, lastCall }: Observation): string {
  if (lastCall !== undefined) return `; the last model call failed: ${oneLine(lastCall, 300)}`;
  return lastRemark === '' ? '' : `; last on stderr: ${lastRemark}`;
}

function fromError(error: ModelError, seen: Observation): Judgement {
  const { statusCode: status, told: message } = error;
  const reason = better(error.reason, seen.reason);
  if (error.reason?.class === 'agent_unavailable')
    return failed(error.reason.class, `${error.reason.message}: ${message}`, error.reason.retryable);
  if (status === 401 || status === 403) {
    return failed('no_credentials', `the model refused the credentials (${status}): ${message}`, false);
  }
  if (status === 429) return failed('rate_limited', `the model's rate limit was reached (429): ${message}`, true);
  if (status !== undefined && status >= 500) {
    return failed('model_unavailable', `the model's server failed (${status}): ${message}`, true);
  }
  if (status === 404)
    return failed('unknown_model', `the model's server does not know the model (404): ${message}`, false);
  if (status !== undefined && status >= 400)
    return failed('model_rejected', `the model refused the request (${status}): ${message}`, error.retryable ?? false);
  if (reason !== undefined) return failed(reason.class, `${reason.message}: ${message}`, reason.retryable);
  if (error.filtered === true) {
    return failed('content_filtered', `the model's content filter ended the answer: ${message}`, false);
  }
  const cause = error.vague === true && seen.lastRemark !== '' ? `${message}; ${seen.lastRemark}` : message;
  return failed('model_failed', `the model could not be used: ${oneLine(cause, 300)}`, error.retryable ?? true);
}

/** The one that explains more. */
function better(a: FailureReason | undefined, b: FailureReason | undefined): FailureReason | undefined {
  return (a?.rank ?? Infinity) <= (b?.rank ?? Infinity) ? (a ?? b) : b;
}

function failed(name: string, message: string, retryable: boolean): Judgement {
  return { outcome: 'failed', class: name, message, retryable };
}
