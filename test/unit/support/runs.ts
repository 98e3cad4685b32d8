import type { Run, Verdict } from '../../../src/domain/runs/run-schema.ts';

/** A success with work to show; `changes` make it another verdict. */
export function verdictWith(changes: Partial<Verdict> = {}): Verdict {
  return {
    outcome: 'succeeded',
    class: 'ok',
    message: 'done',
    retryable: false,
    exit_code: 0,
    signal: null,
    steps: 2,
    tokens: { input: 100, output: 20, reasoning: 3, cache_read: 4, cache_write: 5 },
    cost: 0,
    evidence: { commits_ahead: 1, uncommitted_files: 0, pushed: false, branch: 'fix/issue-14', head: 'abc' },
    reply: 'all good',
    ...changes,
  };
}

/** A run that is at work; `changes` make it another one. */
export function runWith(changes: Partial<Run> = {}): Run {
  return {
    id: 'r_1',
    kind: 'start',
    log: '/home/logs/r_1.log',
    phase: 'working',
    owner: { pid: 1, process_start: '1', boot_id: 'b' },
    agent_pid: 2,
    requested_at: '2026-03-29T18:16:10+02:00',
    working_at: '2026-03-29T18:16:12+02:00',
    ended_at: null,
    verdict: null,
    ...changes,
  };
}
