import type { Child, QueueItem } from '../../../src/domain/queue/queue-item.ts';

/** A time to count from, in milliseconds since the epoch. */
export const NOW = Date.UTC(2026, 2, 29, 16, 16, 10);

/** A process that may claim tasks. */
export const CLAIMER = { pid: 4711, process_start: '1', boot_id: 'b' };

/** A development task that waits in the queue; `changes` make it another one. */
export function itemWith(changes: Partial<QueueItem> = {}): QueueItem {
  return {
    id: 'q_0mwrzy3vsoanbch2t',
    type: 'issue',
    issue_ref: 'forge.test/acme/demo#1',
    message: 'fix it',
    state: 'pending',
    created_at: '2026-03-29T18:16:10.000+02:00',
    finished_at: null,
    attempts: 0,
    next_attempt_at: null,
    failure: null,
    parent: null,
    origin: null,
    limit_reached: null,
    run_id: null,
    claimed_by: null,
    run: null,
    session_id: null,
    children: [],
    reply: null,
    ...changes,
  };
}

/** A PM task that waits in the queue. */
export function pmItemWith(changes: Partial<QueueItem> = {}): QueueItem {
  return itemWith({ type: 'pm', issue_ref: null, ...changes });
}

/** Something that a PM agent has started and that has not ended. */
export function childWith(changes: Partial<Child> = {}): Child {
  return { kind: 'run', id: 'r_child', issue_ref: 'forge.test/acme/demo#2', outcome: null, ...changes };
}
