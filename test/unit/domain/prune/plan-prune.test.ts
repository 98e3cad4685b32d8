import { trackedBy } from '../../../../src/domain/prune/tracked.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planPrune } from '../../../../src/domain/prune/plan-prune.ts';
import type { PruneFacts } from '../../../../src/domain/prune/prune-facts.ts';
import type { StoredState } from '../../../../src/domain/prune/tracked.ts';
import { sanitisedName } from '../../../../src/domain/issues/sanitised-name.ts';
import {
  entryWith,
  factsWith,
  issueWith,
  keptWorktree,
  NOW,
  REPOSITORY,
  sessionOfIssue,
  sessionWith,
  stateWith,
  worktreeEntry,
} from '../../support/prune-facts.ts';
import { itemWith, pmItemWith } from '../../support/queue-items.ts';
import { runWith } from '../../support/runs.ts';

const TASK = 'q_0mwrzy3vsoanbch2t';
const worktreeName = (number: number): string => sanitisedName(`h/a/b#${number}`);
const branch = (number: number, worktree?: string): PruneFacts['repositories'][number]['branches'][number] => ({
  name: `fix/issue-${number}`,
  tip: 'abc',
  worktree,
});

const planned = (state: StoredState, changes: Partial<PruneFacts>): string[] =>
  planPrune(factsWith(state, changes)).map(({ target, name }) => `${target.kind} ${name}`);

describe('in worktrees/', () => {
  const EMPTY = stateWith([]);

  test('what no tracked issue owns can go, whatever it is', () => {
    const worktrees = [
      worktreeEntry('old'),
      worktreeEntry('file', { type: 'file' }),
      worktreeEntry('link', { type: 'link' }),
    ];
    expect(planned(EMPTY, { worktrees })).toEqual(['worktree old', 'worktree file', 'worktree link']);
  });

  test('a worktree of a tracked issue stays, and so does one that differs in case only', () => {
    const worktrees = [worktreeEntry(worktreeName(1)), worktreeEntry(worktreeName(1).toUpperCase())];
    expect(planned(stateWith([issueWith(1)]), { worktrees })).toEqual([]);
  });

  test('the worktree of an issue stays whose session file is gone', () => {
    const state = stateWith([], {
      issues: [{ ref: 'h/a/b#1', file: `${worktreeName(1)}.json`, session: undefined }],
    });
    expect(planned(state, { worktrees: [worktreeEntry(worktreeName(1))] })).toEqual([]);
  });

  test('the worktree of a run that is alive stays, though the index does not know it', () => {
    const state = stateWith([], { liveRefs: ['h/a/b#1'] });
    expect(planned(state, { worktrees: [worktreeEntry(worktreeName(1))] })).toEqual([]);
  });

  test('an orphaned worktree takes what the repository keeps of it along, and its branch', () => {
    const kept = keptWorktree(worktreeName(1));
    const repositories = [{ path: REPOSITORY, kept: [kept], branches: [branch(1, kept.path)] }];
    const items = planPrune(factsWith(EMPTY, { worktrees: [worktreeEntry(worktreeName(1))], repositories }));
    expect(items.map(({ target }) => target.kind)).toEqual(['worktree', 'branch']);
    expect(items[0]?.target).toMatchObject({ known: { repository: REPOSITORY, kept } });
  });
});

test('while a repository cannot be read, a worktree that no other one knows may be its, and stays', () => {
  const kept = keptWorktree(worktreeName(1));
  const changes = {
    worktrees: [worktreeEntry(worktreeName(1)), worktreeEntry(worktreeName(2))],
    repositories: [{ path: REPOSITORY, kept: [kept], branches: [] }],
  };
  const both = [`worktree ${worktreeName(1)}`, `worktree ${worktreeName(2)}`];
  expect(planned(stateWith([]), changes)).toEqual(both);
  expect(planned(stateWith([]), { ...changes, allRepositoriesRead: false })).toEqual(both.slice(0, 1));
});

describe('in a repository', () => {
  test('what it keeps of a worktree that is gone can go, tracked or not', () => {
    const repositories = [{ path: REPOSITORY, kept: [keptWorktree('a', true), keptWorktree('b')], branches: [] }];
    expect(planned(stateWith([]), { repositories })).toEqual(['worktree_entry h-a-b.git a']);
  });

  test('a branch can go that is neither owned nor checked out', () => {
    const branches = [branch(1), branch(2), branch(3, '/somewhere/else')];
    const repositories = [{ path: REPOSITORY, kept: [], branches }];
    expect(planned(stateWith([issueWith(1)]), { repositories })).toEqual(['branch h-a-b.git fix/issue-2']);
  });

  test('a branch of the same name in another repository is not that of the issue', () => {
    const repositories = [{ path: '/home/k/repos/h-c-d.git', kept: [], branches: [branch(1)] }];
    expect(planned(stateWith([issueWith(1)]), { repositories })).toEqual(['branch h-c-d.git fix/issue-1']);
  });

  test('while an issue is prepared its branch stays, in whatever repository', () => {
    const claimed = issueWith(1, { repository: null, worktree_path: null, run: runWith({ phase: 'preparing' }) });
    const repositories = [{ path: REPOSITORY, kept: [], branches: [branch(1)] }];
    expect(planned(stateWith([claimed]), { repositories })).toEqual([]);
  });
});

describe('in opencode', () => {
  test("an issue's earlier session can go, and its present one stays", () => {
    const sessions = [sessionOfIssue('ses_1', 1), sessionOfIssue('ses_old', 1)];
    expect(planned(stateWith([issueWith(1)]), { sessions })).toEqual(['opencode_session ses_old']);
  });

  test('of an issue that is being destroyed stays: somebody is at it', () => {
    const state = stateWith([issueWith(1, { destroying: { pid: 1, process_start: '1', boot_id: 'b' } })]);
    expect(trackedBy(state).unsettledRefs).toEqual(new Set(['h/a/b#1']));
  });

  test('while a run is on, no session of the issue goes: it may not have been recorded yet', () => {
    const sessions = [sessionOfIssue('ses_old', 1)];
    const working = issueWith(1, { run: runWith({ phase: 'preparing' }) });
    expect(planned(stateWith([working]), { sessions })).toEqual([]);
  });

  test('the session of an issue that is not tracked can go', () => {
    expect(planned(stateWith([]), { sessions: [sessionOfIssue('ses_1', 1)] })).toEqual(['opencode_session ses_1']);
  });

  test('base and PM agent stay, and those before them can go', () => {
    const sessions = [
      sessionWith('ses_base', 'kugetsu base'),
      sessionWith('ses_pm', 'kugetsu PM agent'),
      sessionWith('ses_base_before', 'kugetsu base'),
      sessionWith('ses_pm_before', 'kugetsu PM agent'),
    ];
    expect(planned(stateWith([]), { sessions })).toEqual([
      'opencode_session ses_base_before',
      'opencode_session ses_pm_before',
    ]);
  });

  test('a PM agent that was made just now stays: init records it afterwards', () => {
    const sessions = [sessionWith('ses_new', 'kugetsu PM agent', { time_created: NOW - 60_000 })];
    expect(planned(stateWith([]), { sessions })).toEqual([]);
  });

  test("a PM task's fork stays until the task is over, and while its file cannot be read", () => {
    const sessions = [sessionWith('ses_fork', `kugetsu PM ${TASK}`)];
    const withTask = (state: 'pending' | 'notified' | 'completed' | 'error'): StoredState =>
      stateWith([], { tasks: [pmItemWith({ id: TASK, state })] });
    expect(planned(withTask('notified'), { sessions })).toEqual([]);
    expect(planned(withTask('pending'), { sessions })).toEqual([]);
    expect(planned(stateWith([], { brokenTasks: [TASK] }), { sessions })).toEqual([]);
    expect(planned(stateWith([], { queueProblem: ['no queue'] }), { sessions })).toEqual([]);
    expect(planned(withTask('error'), { sessions })).toEqual(['opencode_session ses_fork']);
    expect(planned(stateWith([]), { sessions })).toEqual(['opencode_session ses_fork']);
  });
});

describe('of what was cut off', () => {
  const RUN = { run: 'r_9', entry: entryWith('/home/k/runs/r_9'), alive: false };

  test("a run's directory can go when the run is over and nothing of it is alive", () => {
    expect(planned(stateWith([]), { runs: [RUN] })).toEqual(['run_directory r_9']);
    expect(planned(stateWith([]), { runs: [{ ...RUN, alive: true }] })).toEqual([]);
    const open = issueWith(1, { run: runWith({ id: 'r_9' }) });
    expect(planned(stateWith([open]), { runs: [RUN] })).toEqual([]);
    const claimed = itemWith({ state: 'notified', run_id: 'r_9' });
    expect(planned(stateWith([], { tasks: [claimed] }), { runs: [RUN] })).toEqual([]);
  });

  test('while the queue cannot be read, a run directory stays', () => {
    expect(planned(stateWith([], { queueProblem: ['no queue'] }), { runs: [RUN] })).toEqual([]);
  });

  test('what is new stays: somebody may be at it', () => {
    const entry = entryWith('/home/k/.index.json.0123456789ab.tmp', { type: 'file' });
    expect(planned(stateWith([]), { temporary: [entry] })).toEqual([`temporary_file ${entry.name}`]);
    const young = { modifiedMs: NOW - 60_000 };
    expect(planned(stateWith([]), { temporary: [{ ...entry, ...young }] })).toEqual([]);
    expect(planned(stateWith([]), { runs: [{ ...RUN, entry: { ...RUN.entry, ...young } }] })).toEqual([]);
  });

  test('what is left of a server that has died can go, however young it is', () => {
    const entry = entryWith('/home/k/engine/0123456789ab.json', { type: 'file', modifiedMs: NOW });
    expect(planned(stateWith([]), { servers: [entry] })).toEqual([`shared_server ${entry.name}`]);
  });

  test('a clone can go unless somebody has locked its repository', () => {
    const clone = { repository: REPOSITORY, entry: entryWith('/home/k/repos/.h-a-b.git.01234567.tmp'), busy: false };
    expect(planned(stateWith([]), { clones: [clone] })).toEqual([`half_clone ${clone.entry.name}`]);
    expect(planned(stateWith([]), { clones: [{ ...clone, busy: true }] })).toEqual([]);
  });

  test('a session file that the index does not name can go unless its run is on', () => {
    const file = { entry: entryWith('/home/k/sessions/x.json', { type: 'file' }), session: issueWith(5), live: false };
    expect(planned(stateWith([], { unnamed: [file] }), {})).toEqual(['session_file x.json']);
    const live = stateWith([], { unnamed: [{ ...file, live: true }] });
    const changes = { worktrees: [worktreeEntry(worktreeName(5))], sessions: [sessionOfIssue('ses_5', 5)] };
    expect(planned(live, changes)).toEqual([]);
  });
});

test('an issue that is done goes whole, and nothing of it is shown twice', () => {
  const issue = issueWith(1, { previous_session_ids: ['ses_old'] });
  const items = planned(stateWith([issue]), {
    done: [{ session: issue, reason: 'done' }],
    worktrees: [worktreeEntry(worktreeName(1))],
    repositories: [{ path: REPOSITORY, kept: [keptWorktree(worktreeName(1), true)], branches: [branch(1)] }],
    sessions: [sessionOfIssue('ses_1', 1), sessionOfIssue('ses_old', 1)],
  });
  expect(items).toEqual(['issue h/a/b#1']);
});

test('whatever lies around, nothing that is tracked is in the plan', () => {
  const number = fc.integer({ min: 1, max: 4 });
  const issue = fc.record({
    number,
    phase: fc.constantFrom('preparing', 'working', 'ended'),
    placed: fc.boolean(),
  } as const);
  const mess = fc.record({ issues: fc.uniqueArray(issue, { selector: (one) => one.number }), stale: fc.boolean() });
  fc.assert(
    fc.property(mess, ({ issues, stale }) => {
      const sessions = issues.map(({ number: own, phase, placed }) => {
        const place = placed ? {} : { repository: null, worktree_path: null };
        return issueWith(own, { ...place, run: runWith({ id: `r_${own}`, phase }) });
      });
      const all = [1, 2, 3, 4];
      const items = planned(stateWith(sessions), {
        worktrees: all.map((each) => worktreeEntry(worktreeName(each))),
        repositories: [
          {
            path: REPOSITORY,
            kept: all.map((each) => keptWorktree(worktreeName(each), stale)),
            branches: all.map((each) => branch(each, `/home/k/worktrees/${worktreeName(each)}`)),
          },
        ],
        runs: all.map((each) => ({ run: `r_${each}`, entry: entryWith(`/home/k/runs/r_${each}`), alive: false })),
        sessions: [
          ...all.map((each) => sessionOfIssue(`ses_${each}`, each)),
          sessionWith('ses_base', 'kugetsu base'),
          sessionWith('ses_pm', 'kugetsu PM agent'),
        ],
      });
      for (const { number: own, phase, placed } of issues) {
        expect(items).not.toContain(`worktree ${worktreeName(own)}`);
        expect(items).not.toContain(`opencode_session ses_${own}`);
        if (placed || phase !== 'ended') expect(items).not.toContain(`branch h-a-b.git fix/issue-${own}`);
        if (phase !== 'ended') expect(items).not.toContain(`run_directory r_${own}`);
      }
      for (const id of ['ses_base', 'ses_pm']) expect(items).not.toContain(`opencode_session ${id}`);
      const untracked = all.filter((each) => !issues.some((one) => one.number === each));
      for (const each of untracked) expect(items).toContain(`worktree ${worktreeName(each)}`);
    }),
  );
});
