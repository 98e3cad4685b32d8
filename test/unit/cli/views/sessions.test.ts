import { describe, expect, test } from 'vitest';
import { renderSessions } from '../../../../src/cli/views/sessions.ts';
import { runWith, verdictWith } from '../../support/runs.ts';

type Session = Parameters<typeof renderSessions>[0][number];

const issue: Session = {
  issue_ref: 'github.com/shoko/kugetsu#14',
  type: 'forked',
  session_id: 'ses_xyz789',
  worktree: '/home/user/.kugetsu/worktrees/github.com-shoko-kugetsu-14',
  branch: 'fix/issue-14',
  state: 'working',
  created_at: '2026-03-29T18:16:10+02:00',
  run: runWith(),
  elsewhere: null,
};
const base: Session = {
  ...issue,
  issue_ref: '(base)',
  type: 'base',
  session_id: 'ses_abc123',
  worktree: null,
  run: null,
};

function fields(session: Session): string[] {
  return renderSessions([session], { ruled: false, colour: false }).split('\t');
}

describe('the tracked sessions', () => {
  test('have their columns in the order that scripts rely on', () => {
    expect(fields(issue)).toEqual([issue.issue_ref, 'forked', 'ses_xyz789', issue.worktree, 'working', '-']);
  });

  test('have N/A where there is no worktree or no session yet', () => {
    expect(fields(base)).toEqual(['(base)', 'base', 'ses_abc123', 'N/A', '-', '-']);
    expect(fields({ ...issue, session_id: null })[2]).toBe('N/A');
  });

  test('have the verdict and the work of a run that has ended', () => {
    const run = runWith({ phase: 'ended', verdict: verdictWith({ outcome: 'failed', class: 'rate_limited' }) });
    expect(fields({ ...issue, run }).slice(4)).toEqual(['failed (rate_limited)', '1 commit ahead, not pushed']);
  });

  test('say of a run that cannot be seen from here where it is, and when nothing is heard of it', () => {
    const elsewhere = { machine: 'box-2', pid_namespace: null, heard_at: null, alive: true };
    expect(fields({ ...issue, elsewhere })[4]).toBe('working elsewhere (box-2)');
    expect(fields({ ...issue, elsewhere: { ...elsewhere, machine: null } })[4]).toBe('working elsewhere');
    expect(fields({ ...issue, elsewhere: { ...elsewhere, alive: false } })[4]).toBe(
      'not heard from, elsewhere (box-2)',
    );
  });

  test('have a header on a terminal', () => {
    const lines = renderSessions([base, issue], { ruled: true, colour: false }).split('\n');
    expect(lines[0]).toMatch(/^ISSUE_REF +TYPE +SESSION_ID +WORKTREE +STATE +WORK$/);
    expect(lines).toHaveLength(4);
  });
});
