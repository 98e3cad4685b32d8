import { expect, test } from 'vitest';
import { preamble } from '../../../../src/domain/runs/preamble.ts';

const STANDING = {
  ref: 'forge.test/acme/demo#1',
  branch: 'fix/issue-1',
  base: 'main',
  doneWhen: 'replied',
  isChecked: false,
} as const;

test.each([
  ['replied', false, 'You are done when you end your turn: your last message is what is reported.'],
  ['committed', false, 'You are done when you end your turn with all of your work committed.'],
  [
    'pushed',
    true,
    "You are done when you end your turn with all of your work committed and pushed (git push origin HEAD). The repository's check runs when you end your turn.",
  ],
] as const)(
  'an agent that is done when it has %s (checked: %s) is told so in the third line',
  (doneWhen, isChecked, line) => {
    expect(preamble({ ...STANDING, doneWhen, isChecked }).split('\n')).toEqual([
      'You work on the issue forge.test/acme/demo#1, in a git worktree of your own.',
      'Its branch is fix/issue-1; the base branch is main.',
      line,
      '',
      '',
    ]);
  },
);

test('a base branch that nobody knows is not named, and it stays three lines', () => {
  expect(preamble({ ...STANDING, base: undefined })).toContain('\nIts branch is fix/issue-1.\n');
  expect(preamble({ ...STANDING, branch: undefined }).split('\n')).toHaveLength(5);
});
