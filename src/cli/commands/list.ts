import type { ListedSession } from '../../domain/overview/sessions.ts';
import { unlessRefused, wordsOf } from '../../util/errors.ts';
import { told } from '../../util/words.ts';
import type { Call } from '../call.ts';
import { isInFleet, type CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { requireHost } from './kit.ts';

/** Prints the sessions. Runs that died unnoticed are settled first, so that what is listed is true. */
export async function list(
  { context }: Call,
  { json, host }: { readonly json: boolean; readonly host: string | undefined },
): Promise<void> {
  // The name of this host is known without the server.
  if (host !== undefined && host !== (await context.queue.host())) await requireHost(context, host);
  const { reconcileRuns } = await import('../../domain/work/reconcile-runs.ts');
  const { readSessions } = await import('../../domain/overview/sessions.ts');
  // In a home that cannot be written what died is shown as it will be settled.
  await reconcileRuns(context, { takeOver: false }).catch(unlessRefused);
  const own = await readSessions(context);
  const all = isInFleet(context) ? await ofFleet(context, own) : own;
  const value = host === undefined ? all : all.filter((session) => session.host === host);
  await printResult(context, {
    json,
    value,
    text: async (style) => (await import('../views/sessions.ts')).renderSessions(value, style),
  });
}

/** Those of this host are there without the server, too. */
async function ofFleet(context: CliContext, own: readonly ListedSession[]): Promise<readonly ListedSession[]> {
  const { withOtherHosts } = await import('../../domain/overview/other-hosts.ts');
  const { sessions, problem } = await withOtherHosts(context, own);
  if (problem !== undefined) {
    const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
    const { text } = await redactorOf(context);
    context.terminal.err(`note: the issues of other hosts are not listed: ${told(wordsOf(problem), text)}`);
  }
  return sessions;
}
