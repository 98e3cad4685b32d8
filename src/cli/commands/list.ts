import { unlessRefused } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';

/** Prints the sessions. Runs that died unnoticed are settled first, so that what is listed is true. */
export async function list({ context }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { reconcileRuns } = await import('../../domain/work/reconcile-runs.ts');
  const { readSessions } = await import('../../domain/overview/sessions.ts');
  // In a home that cannot be written what died is shown as it will be settled.
  await reconcileRuns(context, { takeOver: false }).catch(unlessRefused);
  const value = await readSessions(context);
  await printResult(context, {
    json,
    value,
    text: async (style) => (await import('../views/sessions.ts')).renderSessions(value, style),
  });
}
