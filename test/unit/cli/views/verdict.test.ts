import { describe, expect, test } from 'vitest';
import { evidenceText, runText, verdictText } from '../../../../src/cli/views/verdict.ts';
import { runWith, verdictWith } from '../../support/runs.ts';

const evidence = { commits_ahead: 0, uncommitted_files: 0, pushed: false, branch: null, head: 'abc' };

describe('a verdict in one line', () => {
  test('of a success has the work and what it cost', () => {
    expect(verdictText(verdictWith({ cost: 0.5 }))).toBe(
      'succeeded; 1 commit ahead, not pushed; 132 tokens, $0.5000 in 2 steps',
    );
  });

  test('of a failure has its class and its reason', () => {
    const verdict = verdictWith({
      outcome: 'failed',
      class: 'rate_limited',
      message: 'slow down',
      evidence: null,
      steps: 1,
    });
    expect(verdictText(verdict)).toBe('failed (rate_limited): slow down; 132 tokens in 1 step');
  });

  test('of a run that came to nothing says nothing of work or cost', () => {
    const verdict = verdictWith({
      outcome: 'stopped',
      class: 'stopped',
      message: 'on request',
      evidence: null,
      steps: 0,
    });
    expect(verdictText(verdict)).toBe('stopped (stopped): on request');
  });
});

test.each([
  [{}, 'no commits'],
  [{ commits_ahead: 1 }, '1 commit ahead, not pushed'],
  [{ commits_ahead: 2, pushed: true }, '2 commits ahead, pushed'],
  [{ uncommitted_files: 1 }, 'no commits, 1 uncommitted file'],
  [{ commits_ahead: 1, uncommitted_files: 2 }, '1 commit ahead, not pushed, 2 uncommitted files'],
])('evidence %j is said as %j', (changes, text) => {
  expect(evidenceText({ ...evidence, ...changes })).toBe(text);
});

describe('where a run stands', () => {
  test('is a dash when there is none', () => {
    expect(runText(null)).toBe('-');
  });

  test.each(['preparing', 'working'] as const)('is its phase until there is a verdict: %s', (phase) => {
    expect(runText(runWith({ phase }))).toBe(phase);
  });

  test('is its outcome once there is a verdict, whatever its phase', () => {
    const failure = verdictWith({ outcome: 'failed', class: 'no_credentials' });
    expect(runText(runWith({ phase: 'ended', verdict: verdictWith() }))).toBe('succeeded');
    expect(runText(runWith({ phase: 'working', verdict: failure }))).toBe('failed (no_credentials)');
  });
});
