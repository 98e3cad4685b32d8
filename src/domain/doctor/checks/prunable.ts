import { pathExists } from '../../../adapters/store/paths.ts';
import { formatBytes, plural } from '../../../util/text.ts';
import { makePrunePlan } from '../../prune/make-plan.ts';
import type { Check } from '../check.ts';
import { fine, note } from '../finding.ts';

const NAME = 'prunable';

/** Unused items, as prune would show them. */
export const prunableCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    // Without these files nobody can tell what is used; other checks report that.
    const { index, base, pmAgent, issues } = context.survey;
    if (index.state !== 'sound' || [base, pmAgent, ...issues.map(({ found }) => found)].some(isBroken)) return [];
    // The plan needs the lock; taking over an abandoned lock would be a repair.
    if (await pathExists(context.home.sessionsLock)) return [];
    const { items } = await makePrunePlan(context, { olderThanDays: undefined, merged: false });
    if (items.length === 0) return [fine(NAME, 'nothing to prune')];
    const bytes = items.reduce((total, item) => total + item.bytes, 0);
    const message = `${plural(items.length, 'unused item')}, ${formatBytes(bytes)}`;
    return [note(NAME, message, 'kugetsu prune')];
  },
};

function isBroken({ state }: { readonly state: string }): boolean {
  return state === 'broken';
}
