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
  last_activity: '2026-03-29T18:16:10+02:00',
  run: runWith(),
  elsewhere: null,
  activity: null,
};
const base: Session = {
  ...issue,
  issue_ref: '(base)',
  type: 'base',
  session_id: 'ses_abc123',
  worktree: null,
  run: null,
};

async function fields(session: Session): Promise<string[]> {
  return (await renderSessions([session], { ruled: false, colour: false })).split('\t');
}

describe('the tracked sessions', () => {
  test('have their columns in the order that scripts rely on', async () => {
    expect(await fields(issue)).toEqual([issue.issue_ref, 'forked', 'ses_xyz789', issue.worktree, 'working', '-']);
  });

  test('have N/A where there is no worktree or no session yet', async () => {
    expect(await fields(base)).toEqual(['(base)', 'base', 'ses_abc123', 'N/A', '-', '-']);
    expect((await fields({ ...issue, session_id: null }))[2]).toBe('N/A');
  });

  test('have the verdict and the work of a run that has ended', async () => {
    const run = runWith({ phase: 'ended', verdict: verdictWith({ outcome: 'failed', class: 'rate_limited' }) });
    expect((await fields({ ...issue, run })).slice(4)).toEqual(['failed (rate_limited)', '1 commit ahead, not pushed']);
  });

  test('say of a run that cannot be seen from here where it is, and when nothing is heard of it', async () => {
    const elsewhere = { machine: 'box-2', pid_namespace: null, heard_at: null, alive: true };
    expect((await fields({ ...issue, elsewhere }))[4]).toBe('working elsewhere (box-2)');
    expect((await fields({ ...issue, elsewhere: { ...elsewhere, machine: null } }))[4]).toBe('working elsewhere');
    expect((await fields({ ...issue, elsewhere: { ...elsewhere, alive: false } }))[4]).toBe(
      'not heard from, elsewhere (box-2)',
    );
  });

  test('have the host last in a fleet, and of those of other hosts what these have told', async () => {
    const told = {
      host: 'b',
      run: 'r_1',
      at: '2026-03-29T18:16:10+02:00',
      outcome: 'failed' as const,
      class: 'stalled',
      evidence: verdictWith().evidence,
    };
    const other = { ...issue, session_id: null, worktree: null, state: 'idle', run: null, host: 'b', told };
    const cells = [issue.issue_ref, 'forked', 'N/A', 'N/A'];
    expect(await fields(other)).toEqual([...cells, 'failed (stalled)', '1 commit ahead, not pushed', 'b']);
    expect(await fields({ ...other, told: null })).toEqual([...cells, '-', '-', 'b']);
    expect((await fields({ ...other, state: 'working' }))[4]).toBe('working');
    expect((await fields({ ...issue, host: 'a' })).slice(4)).toEqual(['working', '-', 'a']);
  });

  test('of other hosts come after those of this one', async () => {
    const own = { ...base, host: 'a' };
    const other = { ...issue, run: null, host: 'b', told: null };
    const lines = (await renderSessions([other, own], { ruled: true, colour: false, width: 100 })).split('\n');
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(['ISSUE_REF', lines[1], '(base)', issue.issue_ref]);
    expect(lines[0]).toContain('HOST');
  });

  const NOW = Date.parse('2026-03-29T18:28:10+02:00');
  const terminal = { ruled: true, colour: false, now: NOW, userHome: '/home/user' };
  const table = async (sessions: readonly Session[], width: number): Promise<string[][]> =>
    (await renderSessions(sessions, { ...terminal, width })).split('\n').map((line) => line.split(/ {2,}/));

  test('have on a terminal what a person looks for, the most important first, and the rest where it fits', async () => {
    const done = runWith({
      phase: 'ended',
      ended_at: '2026-03-29T18:25:10+02:00',
      verdict: verdictWith({ outcome: 'failed', class: 'rate_limited', steps: 3, cost: 0.25 }),
    });
    const ended: Session = {
      ...issue,
      issue_ref: 'github.com/shoko/kugetsu#7',
      run: done,
      state: 'idle',
      last_activity: '2026-03-29T18:25:10+02:00',
    };
    const working: Session = {
      ...issue,
      run: runWith({ working_at: '2026-03-29T18:16:10+02:00' }),
      last_activity: '2026-03-29T18:27:30+02:00',
    };
    const [head, , ...rows] = await table([base, ended, working], 220);
    expect(head?.slice(0, 5)).toEqual(['ISSUE_REF', 'STATE', 'AGE', 'LAST', 'WORK']);
    expect(head?.slice(5)).toEqual(['TOKENS', 'COST', 'TYPE', 'WORKTREE', 'SESSION_ID']);
    // Those at work first, then the one that did something last.
    expect(rows.map((row) => row.slice(0, 5))).toEqual([
      ['github.com/shoko/kugetsu#14', 'working for 12m', '12m', '40s ago', '-'],
      ['github.com/shoko/kugetsu#7', 'failed (rate_limited)', '12m', '3m ago', '1 commit ahead, not pushed'],
      ['(base)', '-', '12m', '12m ago', '-'],
    ]);
    expect(rows[0]?.at(-2)).toBe('~/.kugetsu/worktrees/github.com-shoko-kugetsu-14');
    expect(rows[1]?.[6]).toBe('$0.2500');
    const narrow = await table([base, ended, working], 80);
    expect(narrow[0]).toEqual(['ISSUE_REF', 'STATE', 'AGE', 'LAST', 'WORK']);
    expect(narrow[2]?.slice(1, 4)).toEqual(['working for 12m', '12m', '40s ago']);
    for (const row of narrow) expect(row.join('  ').length).toBeLessThanOrEqual(80);
  });

  test('say on a terminal what an agent does, and what it has used so far', async () => {
    const activity = {
      since: '2026-03-29T18:16:10+02:00',
      command: { text: 'npm test', since: '2026-03-29T18:27:30+02:00' },
      attempt: 1,
      last: { at: null, type: 'tool', tool: 'edit', failed: false, text: 'src/main.ts' },
      step: null,
      steps: 2,
      tokens: 12_345,
      cost: 0.5,
    } as const;
    const [head, , first, second] = await table(
      [
        { ...issue, activity },
        { ...issue, activity: { ...activity, command: null } },
      ],
      220,
    );
    expect(head?.slice(5, 8)).toEqual(['TOKENS', 'COST', 'DOING']);
    expect(first?.slice(5, 8)).toEqual(['12.3k', '$0.5000', '40s npm test']);
    expect(second?.slice(5, 8)).toEqual(['12.3k', '$0.5000', 'edit: src/main.ts']);
  });

  test('say of an agent that is prepared for what is being done, and since when', async () => {
    const step = { name: 'worktree', note: 'cloning h/a/b: Receiving objects: 4%', since: '2026-03-29T18:26:50+02:00' };
    const activity = {
      since: issue.created_at,
      command: null,
      attempt: null,
      last: null,
      steps: 0,
      tokens: 0,
      cost: 0,
    };
    const [, , first, second] = await table(
      [
        { ...issue, activity: { ...activity, step } },
        { ...issue, activity: { ...activity, step: { ...step, note: '3 of 9 files' } } },
      ],
      80,
    );
    expect(first?.[1]).toBe('cloning 1m 20s');
    expect(second?.[1]).toBe('worktree 1m 20s');
  });

  test('have all columns of scripts with --wide', async () => {
    const lines = (await renderSessions([base, issue], { ruled: true, colour: false, wide: true })).split('\n');
    expect(lines[0]).toMatch(/^ISSUE_REF +TYPE +SESSION_ID +WORKTREE +STATE +WORK +AGE +LAST +TOKENS +COST$/);
    expect(lines).toHaveLength(4);
  });
});
