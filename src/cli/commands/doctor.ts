import type { CanaryStep } from '../../domain/doctor/canary/steps.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';

interface DoctorOptions {
  readonly fix: boolean;
  readonly fixPermissions: boolean;
  readonly canary: boolean;
  readonly model: boolean;
  readonly json: boolean;
}

/** Prints what is wrong, after fixing what was asked for and is safe. */
export async function doctor({ context, exitWith }: Call, given: DoctorOptions): Promise<void> {
  const { fix, fixPermissions, canary, model, json } = given;
  const { runDoctor } = await import('../../domain/doctor/doctor.ts');
  const { terminal } = context;
  const diagnosis = await runDoctor(context, {
    fix,
    fixPermissions,
    askModel: model,
    canary: canary ? { signal: context.gracefulStop(), onStep: (step) => terminal.err(stepText(step)) } : undefined,
    onRepair: ({ mended, message, finding }) =>
      terminal.err(mended ? `fixed: ${message}` : `not fixed: ${finding}\n  ${message}`),
  });
  if (!json && diagnosis.permissions !== null) {
    const { renderPermissions } = await import('../views/findings.ts');
    terminal.err(renderPermissions(diagnosis.permissions));
  }
  const { findings } = diagnosis;
  await printResult(context, {
    json,
    value: diagnosis,
    text: async (style) => (await import('../views/findings.ts')).renderFindings(findings, style),
  });
  if (!json) terminal.err((await import('../views/findings.ts')).countFindings(findings));
  if (!diagnosis.healthy) exitWith(EXIT.failed);
}

function stepText({ name, ms, note }: CanaryStep): string {
  return `canary: ${name.padEnd(10)} ${formatDuration(ms).padStart(6)}  ${oneLine(note)}`;
}
