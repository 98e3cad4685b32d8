import type { Evidence, Run, Verdict } from './run-schema.ts';
import { NOTHING_OBSERVED } from './observation.ts';
import { judge } from './verdict.ts';

/** The class of a run that no runner ever took over: nothing was done, so it was no attempt. */
export const CLAIM_INTERRUPTED = 'claim_interrupted';

interface Abandoned {
  /** Whether a runner had taken it over. */
  readonly began: boolean;
  readonly evidence: Evidence | null;
  /** Where its process was, when that cannot be seen from here. */
  readonly place?: string | undefined;
}

/** The verdict on a run of a kind whose process is gone without one. */
export function abandonedVerdict(kind: Run['kind'], { began, evidence, place }: Abandoned): Verdict {
  return {
    ...judge(NOTHING_OBSERVED, { exitCode: undefined, signal: undefined, endedFor: undefined }),
    outcome: 'failed',
    class: began ? 'runner_died' : CLAIM_INTERRUPTED,
    message: began
      ? diedMessage(kind, place)
      : `the process that was about to ${kind} was killed before anything was done`,
    hint: began ? hintFor(kind) : 'run the command again',
    retryable: true,
    evidence,
  };
}

function diedMessage(kind: Run['kind'], place: string | undefined): string {
  return place === undefined
    ? `the process that supervised the ${kind} was killed, or the machine restarted; its leftover processes were ended`
    : `the process that supervised the ${kind} was ${place}, and has not been heard from since`;
}

function hintFor(kind: Run['kind']): string {
  return kind === 'destroy' ? 'run destroy again' : 'the worktree is as the agent left it; continue the issue';
}
