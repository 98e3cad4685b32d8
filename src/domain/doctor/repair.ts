import { wordsOf } from '../../util/errors.ts';
import type { Text } from '../../util/words.ts';
import type { Finding } from './finding.ts';

/** What was done about a finding. */
export interface AppliedRepair {
  readonly check: string;
  /** What was found. */
  readonly finding: Text;
  readonly mended: boolean;
  /** What was done, or why it could not be. */
  readonly message: Text;
}

/** The same as it is shown, without secrets. */
export type ShownRepair = Omit<AppliedRepair, 'finding' | 'message'> & Readonly<Record<'finding' | 'message', string>>;

/** Applies the repairs of the findings, one after the other. Never throws: one that fails stops no other. */
export async function applyRepairs(findings: readonly Finding[]): Promise<AppliedRepair[]> {
  const applied: AppliedRepair[] = [];
  for (const { check, message: finding, repair } of findings) {
    if (repair === undefined) continue;
    try {
      applied.push({ check, finding, mended: true, message: await repair() });
    } catch (error) {
      applied.push({ check, finding, mended: false, message: wordsOf(error) });
    }
  }
  return applied;
}
