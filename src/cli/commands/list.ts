import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';

/** Prints the sessions. */
export async function list({ context }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { listSessions } = await import('../../domain/work/list-sessions.ts');
  const value = await listSessions(context);
  await printResult(context, {
    json,
    value,
    text: async (style) => (await import('../views/sessions.ts')).renderSessions(value, style),
  });
}
