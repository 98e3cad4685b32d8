import { describe, expect, test } from 'vitest';
import { NO_BUDGET } from '../../../../src/domain/runs/spending.ts';
import type { Evidence } from '../../../../src/domain/runs/run-schema.ts';
import { missingFor, untilDone, type Checked, type DoneRules } from '../../../../src/domain/work/until-done.ts';
import { verdictWith } from '../../support/runs.ts';

const DONE: Evidence = { commits_ahead: 1, uncommitted_files: 0, pushed: true, branch: 'fix/issue-1', head: 'abc' };
const checked = (exitCode: number): Checked => ({
  result: { command: 'npm test', exit_code: exitCode, ms: 5, changed: 0 },
  message: exitCode === 0 ? undefined : 'the check failed',
  how: `exit code ${exitCode}`,
  isStopped: false,
});

interface Script {
  readonly exits?: readonly number[];
  readonly evidence?: readonly (Evidence | null)[];
  readonly rules?: Partial<DoneRules>;
  readonly works?: readonly Partial<ReturnType<typeof verdictWith>>[];
}

/** Plays an agent, its checks and its worktree; each list's last one counts for ever after. */
async function play({ exits, evidence = [DONE], rules = {}, works = [{}] }: Script) {
  const told: (string | undefined)[] = [];
  const at = <T>(list: readonly T[], index: number): T => list[Math.min(index, list.length - 1)] as T;
  let [checks, looks] = [0, 0];
  const check = async (): Promise<Checked> => checked(at(exits ?? [0], checks++));
  const worked = await untilDone(
    async (message) => {
      told.push(message);
      return verdictWith(at(works, told.length - 1));
    },
    {
      doneWhen: 'replied',
      rounds: 2,
      budget: NO_BUDGET,
      evidence: async () => at(evidence, looks++),
      check: exits === undefined ? undefined : check,
      ...rules,
    },
  );
  return { ...worked, told, checks, looks };
}

describe('an agent that says it is done', () => {
  test('is, without a check', async () => {
    expect(await play({})).toMatchObject({ verdict: { outcome: 'succeeded' }, check: undefined, told: [undefined] });
  });

  test('is without a look at its worktree, unless what it has committed decides', async () => {
    expect(await play({ exits: [1, 0] })).toMatchObject({ looks: 0 });
    expect(await play({ rules: { doneWhen: 'committed' } })).toMatchObject({ looks: 1 });
  });

  test('is when the check passes', async () => {
    expect(await play({ exits: [0] })).toMatchObject({ verdict: { outcome: 'succeeded' }, check: { exit_code: 0 } });
  });

  test('is told what the check said, and may mend it', async () => {
    const played = await play({ exits: [1, 0] });
    expect(played).toMatchObject({ verdict: { outcome: 'succeeded' }, check: { exit_code: 0 }, checks: 2 });
    expect(played.told).toEqual([undefined, 'the check failed']);
  });

  test('is told so twice, and then has failed', async () => {
    const played = await play({ exits: [1] });
    expect(played.verdict).toMatchObject({ outcome: 'failed', class: 'check_failed', retryable: false });
    expect(played.verdict.message).toBe('the check failed 3 times (exit code 1)');
    expect(played.told).toHaveLength(3);
  });

  test('has failed at once without rounds', async () => {
    const played = await play({ exits: [1], rules: { rounds: 0 } });
    expect(played.verdict).toMatchObject({ class: 'check_failed', message: 'the check failed (exit code 1)' });
    expect(played.told).toEqual([undefined]);
  });

  test('is told once what is missing, before any check', async () => {
    const none = { ...DONE, commits_ahead: 0, pushed: false };
    const played = await play({ exits: [0], evidence: [none, DONE], rules: { doneWhen: 'committed' } });
    expect(played).toMatchObject({ verdict: { outcome: 'succeeded' }, checks: 1 });
    expect(played.told[1]).toContain('there is no commit');
    const never = await play({ exits: [0], evidence: [none], rules: { doneWhen: 'committed' } });
    expect(never.verdict).toMatchObject({ class: 'not_done', message: 'there is no commit' });
    expect(never).toMatchObject({ checks: 0, told: { length: 2 } });
  });

  test('is told nothing more once it has failed otherwise', async () => {
    const played = await play({ exits: [1], works: [{}, { outcome: 'failed', class: 'stall_timeout' }] });
    expect(played).toMatchObject({ verdict: { class: 'stall_timeout' }, told: { length: 2 } });
  });

  test('is not told anything that its budget has no room for', async () => {
    const played = await play({ exits: [1], rules: { budget: { ...NO_BUDGET, AGENT_MAX_TOKENS: 100 } } });
    expect(played.verdict).toMatchObject({ class: 'over_budget', limit: { setting: 'AGENT_MAX_TOKENS', value: 100 } });
    expect(played.told).toEqual([undefined]);
  });
});

test('what is missing depends on what done means', () => {
  const unpushed = { ...DONE, pushed: false };
  const dirty = { ...DONE, uncommitted_files: 2 };
  expect(missingFor('replied', null)).toBeUndefined();
  expect(missingFor('committed', unpushed)).toBeUndefined();
  expect(missingFor('committed', dirty)).toBe('2 files are not committed');
  expect(missingFor('committed', { ...dirty, commits_ahead: 0, uncommitted_files: 1 })).toBe(
    '1 file is not committed, and there is no commit',
  );
  expect(missingFor('pushed', unpushed)).toBe('the last commit is not pushed');
  expect(missingFor('pushed', DONE)).toBeUndefined();
  expect(missingFor('pushed', null)).toBe('git cannot read the worktree');
});
