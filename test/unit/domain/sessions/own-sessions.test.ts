import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TitledSession } from '../../../../src/adapters/engine/agent-engine.ts';
import { ownSessions } from '../../../../src/domain/sessions/own-sessions.ts';
import { issueTitle, pmTaskTitle, purposeOf } from '../../../../src/domain/sessions/session-titles.ts';

const REF = 'forge.test/acme/demo#1';
const TASK = 'q_0mwrzy3vsoanbch2t';
const HOME = { worktrees: '/home/k/worktrees', pmAgentDirectory: '/home/k/pm-agent', baseIds: new Set(['ses_base']) };

const session = (title: string, directory: string, id = 'ses_1'): TitledSession => ({
  id,
  title,
  directory,
  time_created: 1,
  time_updated: 2,
  bytes: 3,
});

const isOwn = (...given: Parameters<typeof session>): boolean => ownSessions([session(...given)], HOME).length === 1;

describe("a session is this home's", () => {
  test('when it has the title of an issue and lives in a worktree', () => {
    expect(isOwn(issueTitle(REF), '/home/k/worktrees/forge.test-acme-demo-1')).toBe(true);
  });

  test("when it has a title of the PM agent's and lives in its directory", () => {
    expect(isOwn('kugetsu PM agent', '/home/k/pm-agent')).toBe(true);
    expect(isOwn(pmTaskTitle(TASK), '/home/k/pm-agent')).toBe(true);
  });

  test('when it has the title of the base and is recorded as one', () => {
    expect(isOwn('kugetsu base', '/project', 'ses_base')).toBe(true);
  });
});

describe("a session is not this home's", () => {
  test.each([
    ['of an issue in another home', issueTitle(REF), '/other/worktrees/forge.test-acme-demo-1'],
    ['of an issue in a directory that begins alike', issueTitle(REF), '/home/k/worktrees-2/x'],
    ['of an issue deep in a worktree', issueTitle(REF), '/home/k/worktrees/x/y'],
    ['of an issue in no worktree', issueTitle(REF), '/project'],
    ["of the PM agent's in another home", 'kugetsu PM agent', '/other/pm-agent'],
    ['of a base that nobody recorded', 'kugetsu base', '/project'],
    ['that a user began in a worktree', 'New session - 2026-03-29', '/home/k/worktrees/x'],
    ['that a user called after the project', 'kugetsu prune and its tests', '/home/k/pm-agent'],
    ['that a user gave another title', `${issueTitle(REF)} (mine)`, '/home/k/worktrees/x'],
  ])('when it is one %s', (_what, title, directory) => {
    expect(isOwn(title, directory)).toBe(false);
  });

  test('when it lives in no directory of the home, whatever its title is', () => {
    const title = fc.constantFrom('kugetsu base', 'kugetsu PM agent', pmTaskTitle(TASK), issueTitle(REF));
    fc.assert(
      fc.property(title, fc.string(), (given, path) => {
        expect(isOwn(given, `/elsewhere/${path}`)).toBe(false);
      }),
    );
  });
});

test('what kugetsu calls a session tells what it is for', () => {
  expect(purposeOf(issueTitle(REF))).toEqual({ kind: 'issue', ref: REF });
  expect(purposeOf(pmTaskTitle(TASK))).toEqual({ kind: 'pm_task', task: TASK });
  expect(purposeOf('kugetsu base')).toEqual({ kind: 'base' });
  expect(purposeOf('kugetsu PM agent')).toEqual({ kind: 'pm_agent' });
  expect(purposeOf('kugetsu')).toBeUndefined();
});
