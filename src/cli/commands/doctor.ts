import type { CanaryStep } from '../../domain/doctor/canary/steps.ts';
import { usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import type { Call } from '../call.ts';
import { printResult, textStyle } from '../print-result.ts';

interface DoctorOptions {
  readonly fix: boolean;
  readonly fixPermissions: boolean;
  readonly canary: boolean;
  readonly model: boolean;
  readonly tryOpencode: boolean;
  readonly json: boolean;
}

/** Prints what is wrong, after fixing what was asked for and is safe. */
export async function doctor(call: Call, given: DoctorOptions): Promise<void> {
  if (given.tryOpencode) return tryInstalledOpencode(call, given);
  const { context, exitWith } = call;
  const { fix, fixPermissions, canary, model, json } = given;
  const { runDoctor } = await import('../../domain/doctor/doctor.ts');
  const { terminal } = context;
  const { renderFinding, renderFindings, renderProblems, renderPermissions, countFindings } =
    await import('../views/findings.ts');
  // What is fixed is told as it is; the findings are then those that are left.
  const live = terminal.ruled && !json && !fix && !fixPermissions;
  const diagnosis = await runDoctor(context, {
    fix,
    fixPermissions,
    askModel: model,
    canary: canary ? { signal: context.gracefulStop(), onStep: (step) => terminal.err(stepText(step)) } : undefined,
    onFinding: live
      ? (finding) => terminal.out(renderFinding({ ...finding, command: null }, textStyle(context)))
      : undefined,
    onRepair: ({ fixed, message, finding }) =>
      terminal.err(fixed ? `fixed: ${message}` : `not fixed: ${finding}\n  ${message}`),
  });
  if (!json && diagnosis.permissions !== null) terminal.err(renderPermissions(diagnosis.permissions));
  const { findings } = diagnosis;
  await printResult(context, {
    json,
    value: diagnosis,
    text: async (style) => (live ? renderProblems(findings, style) : renderFindings(findings, style)),
  });
  if (!json) terminal.err(countFindings(findings));
  if (!diagnosis.healthy) exitWith(EXIT.failed);
}

async function tryInstalledOpencode(call: Call, given: DoctorOptions): Promise<void> {
  if (given.fix || given.fixPermissions || given.canary) {
    throw usageError('--try-opencode goes with --json and with no other flag', 'run: kugetsu doctor --try-opencode');
  }
  const { tryOpencode } = await import('./try-opencode.ts');
  await tryOpencode(call, given);
}

function stepText({ name, ms, note }: CanaryStep): string {
  return `canary: ${name.padEnd(10)} ${formatDuration(ms).padStart(6)}  ${oneLine(note)}`;
}
