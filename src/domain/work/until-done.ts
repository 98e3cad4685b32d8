import { plural } from '../../util/text.ts';
import { limitUsed, limitWords, type Budget } from '../runs/spending.ts';
import type { DoneWhen, CheckResult, Evidence, Verdict } from '../runs/run-schema.ts';

type BareVerdict = Omit<Verdict, 'evidence'>;

/** A verdict, and how the last check went. */
export interface Worked {
  readonly verdict: BareVerdict;
  readonly check?: CheckResult | undefined;
}

/** How a check ended, with what the agent is told when it failed. */
export interface Checked {
  readonly result: CheckResult;
  /** Undefined when it passed. */
  readonly message: string | undefined;
  /** How it ended, in a few words. */
  readonly how: string;
  /** Whether the run was stopped meanwhile. */
  readonly isStopped: boolean;
}

/** What an agent's word is held to. */
export interface DoneRules {
  readonly doneWhen: DoneWhen;
  /** How often the agent is told that the check has failed. */
  readonly rounds: number;
  readonly budget: Budget;
  evidence(): Promise<Evidence | null>;
  /** Runs the repository's check; undefined when it has none. */
  readonly check: (() => Promise<Checked>) | undefined;
}

/**
 * Lets an agent work until it is done in truth: what it lacks, and what its check said, is told in the same session. What is
 * missing is told once, a failed check so many times as the rules say.
 *
 * @param work gives the agent a message, the task's own without one, and judges when it has ended; the verdict counts all steps
 */
export async function untilDone(
  work: (message?: string, before?: BareVerdict) => Promise<BareVerdict>,
  rules: DoneRules,
): Promise<Worked> {
  let verdict = await work();
  let check: CheckResult | undefined;
  let isTold = false;
  for (let round = 0; verdict.outcome === 'succeeded';) {
    // Git is asked only where that decides.
    const missing = rules.doneWhen === 'replied' ? undefined : missingFor(rules.doneWhen, await rules.evidence());
    const checked = missing === undefined ? await rules.check?.() : undefined;
    check = checked?.result;
    if (checked?.isStopped === true) return { verdict: stopped(verdict), check };
    const message = missing === undefined ? checked?.message : missingMessage(missing);
    if (message === undefined) return { verdict, check };
    if (missing !== undefined && isTold) return { verdict: failed(verdict, 'not_done', missing), check };
    if (missing === undefined && round >= rules.rounds) {
      const why = `the check failed${rules.rounds === 0 ? '' : ` ${plural(round + 1, 'time')}`} (${checked?.how ?? ''})`;
      return { verdict: failed(verdict, 'check_failed', why), check };
    }
    const limit = limitUsed(rules.budget, verdict);
    if (limit !== undefined) {
      return { verdict: { ...failed(verdict, 'over_budget', limitWords(limit)), limit: { ...limit } }, check };
    }
    if (missing === undefined) round += 1;
    else isTold = true;
    verdict = await work(message, verdict);
  }
  return { verdict, check };
}

/** What an agent's work lacks to be done; undefined when it lacks nothing. Without a worktree that git can read all is missing. */
export function missingFor(doneWhen: DoneWhen, evidence: Evidence | null): string | undefined {
  if (doneWhen === 'replied') return undefined;
  if (evidence === null) return 'git cannot read the worktree';
  const { commits_ahead: commits, uncommitted_files: files, pushed } = evidence;
  const missing = [
    ...(files > 0 ? [`${plural(files, 'file')} ${files === 1 ? 'is' : 'are'} not committed`] : []),
    ...(commits === 0 ? ['there is no commit'] : []),
  ];
  if (doneWhen === 'pushed' && commits > 0 && !pushed) missing.push('the last commit is not pushed');
  return missing.length === 0 ? undefined : missing.join(', and ');
}

function missingMessage(missing: string): string {
  return `You ended your turn, but the work is not done yet: ${missing}. Finish it now.`;
}

function failed(verdict: BareVerdict, name: string, message: string): BareVerdict {
  return { ...verdict, outcome: 'failed', class: name, message, retryable: false };
}

function stopped(verdict: BareVerdict): BareVerdict {
  return { ...verdict, outcome: 'stopped', class: 'stopped', message: 'stopped on request', retryable: false };
}
