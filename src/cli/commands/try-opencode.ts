import { runTrial, type TrialReport, type TriedStep } from '../../domain/doctor/trial/run-trial.ts';
import { redactorOf } from '../../domain/agent-env/redactor.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { formatDuration } from '../../util/time.ts';
import type { Call } from '../call.ts';
import { installedOpencode, openForTrial } from '../open-for-trial.ts';
import { printResult } from '../print-result.ts';
import { renderTable, type Column } from '../views/table.ts';

/** Tries the installed opencode, prints how each step went, and remembers whether it has passed. */
export async function tryOpencode({ context, exitWith }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { terminal, home, clock } = context;
  const { forgetTried, rememberTried } = await import('../../adapters/opencode2/tried.ts');
  const before = await installedOpencode(context);
  const { text: clean } = await redactorOf(context);
  const told = (step: TriedStep): TriedStep => ({ ...step, note: clean(step.note) });
  if (!json) terminal.err(`trying opencode ${before.version} (${before.path}): this takes a minute or two`);
  const found = await runTrial(context, {
    open: openForTrial(context),
    signal: context.gracefulStop(),
    onStep: (step) => terminal.err(`tried: ${step.name.padEnd(10)} ${step.outcome}`),
  });
  const report: TrialReport = { ...found, steps: found.steps.map(told) };
  await makePrivateDirectory(home.root);
  if (report.passed) await rememberTried(home.opencodeTried, before, clock.now());
  else await forgetTried(home.opencodeTried, before);
  const listing = { rows: report.steps, columns: COLUMNS, empty: 'nothing was tried' };
  await printResult(context, { json, value: report, text: async (style) => renderTable(listing, style) });
  if (!json) terminal.err(conclusion(report));
  if (!report.passed) exitWith(EXIT.failed);
}

const COLUMNS: readonly Column<TriedStep>[] = [
  { title: 'STEP', cell: ({ name }) => name },
  { title: 'OUTCOME', cell: ({ outcome }) => outcome },
  { title: 'TOOK', cell: ({ ms }) => formatDuration(ms) },
  { title: 'WHAT', cell: ({ note }) => note },
];

function conclusion({ opencode: { version, major }, passed }: TrialReport): string {
  if (passed) return `opencode ${version} has passed: kugetsu runs agents with it as it stands`;
  const then = major === 1 ? 'agents may fail with it' : 'kugetsu runs no agent with it';
  return `opencode ${version} has not passed: ${then}`;
}
