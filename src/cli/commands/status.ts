import { listDirectoryAtOnce } from '../../adapters/store/directory.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { tellPaused } from './kit.ts';

/** Prints the word; every other one than `ok` ends with exit code 3. */
export async function status({ context, exitWith }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { sessionStatus } = await import('../../domain/sessions/session-status.ts');
  const { status: word, problem } = await sessionStatus(context);
  await printResult(context, { json, value: { status: word }, line: true, text: () => word });
  if (problem !== undefined) {
    const doubt = word === 'ok' ? 'cannot ask opencode whether it still has the sessions: ' : '';
    context.terminal.err(`kugetsu: ${doubt}${problem.message}`);
    if (problem.hint !== undefined) context.terminal.err(`  ${problem.hint}`);
  }
  await tellElsewhere(context);
  await tellPaused(context, '');
  if (word !== 'ok') exitWith(EXIT.notReady);
}

/** What other containers and machines do with this home is seen by nothing but its heartbeat. */
async function tellElsewhere({ home, terminal }: Call['context']): Promise<void> {
  if (listDirectoryAtOnce(home.heartbeats).length === 0) return;
  const { workElsewhere } = await import('../../domain/runs/elsewhere.ts');
  for (const line of workElsewhere(home)) terminal.err(`note: ${line}`);
}
