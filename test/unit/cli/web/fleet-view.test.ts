import { expect, test } from 'vitest';
import { fleetView } from '../../../../src/cli/web/fleet-view.ts';
import type { Overview } from '../../../../src/domain/overview/overview.ts';

const SECRET = 'hunter2-of-the-host';
const AT = '2026-01-02T03:04:05Z';

const TASK: Overview['tasks'][number] = {
  id: 'q_0mwyczya8qievyq2a',
  type: 'issue',
  issue_ref: 'forge.test/acme/demo#1',
  message: `use ${SECRET}`,
  state: 'error',
  created_at: AT,
  finished_at: AT,
  attempts: 1,
  next_attempt_at: null,
  failure: { class: 'crashed', message: `it said ${SECRET}\u001B[31m`, at: AT },
  parent: null,
  origin: null,
  limit_reached: null,
  run_id: null,
  claimed_by: null,
  run: null,
  session_id: null,
  children: [],
  reply: SECRET,
  reasons: [],
};

const OVERVIEW: Overview = {
  at: AT,
  sessions: [],
  pm_runs: [],
  tasks: [TASK],
  daemon: { running: true, pid: 7, since: AT, elsewhere: null },
  slots: { limit: 3, taken: 0, pm_limit: null, pm_running: 0 },
  fleet: null,
  holds: [
    { code: 'paused', since: AT, why: SECRET, until: null, text: `paused: ${SECRET}`, command: 'kugetsu queue resume' },
  ],
  today: { tokens: 0, cost: 0 },
  notifications: [
    { id: 'n1', timestamp: AT, type: 'task_error', message: 'older', issue_ref: null, task: TASK.id, read: true },
    { id: 'n2', timestamp: AT, type: 'note', message: SECRET, issue_ref: null, task: null, read: false },
  ],
  problems: [`no ${SECRET}`],
};

const view = fleetView(OVERVIEW, (text) => text.replaceAll(SECRET, '[redacted]'));

test('of what others said nothing is shown as it was', () => {
  const text = JSON.stringify(view);
  expect(text).not.toContain(SECRET);
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/\u001B|\\u001b/i);
});

test('a page is told what a person has to know of a task, a hold and a notification', () => {
  expect(view).toMatchObject({
    daemon: true,
    paused: true,
    holds: [{ text: 'paused: [redacted]', command: 'kugetsu queue resume' }],
    tasks: [{ id: TASK.id, short: 'vyq2a', tone: 'bad', why: 'crashed: it said [redacted]', live: false }],
    problems: ['no [redacted]'],
  });
  expect(view.notes.map(({ id, read }) => [id, read])).toEqual([
    ['n2', false],
    ['n1', true],
  ]);
});

test('in a fleet, a page is told how each host stands', () => {
  const host = { version: '0.1.0', state: 'up', slots: 3, live: 0, base: null, waiting: 0, claimed: 0 } as const;
  const hosts = [
    { ...host, name: 'a', live: 2, silent: false },
    { ...host, name: 'b', silent: true },
    { ...host, name: 'c', state: 'draining', silent: false },
  ] as const;
  expect(fleetView({ ...OVERVIEW, fleet: { host: 'a', hosts } }, (text) => text).hosts).toEqual([
    { name: 'a', tone: 'live', text: 'a 2/3 (this host)' },
    { name: 'b', tone: 'bad', text: 'b 0/3 (silent)' },
    { name: 'c', tone: 'idle', text: 'c 0/3 (draining)' },
  ]);
});
