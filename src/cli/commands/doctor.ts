import type { CanaryStep } from '../../domain/doctor/canary/steps.ts';
import type { Diagnosis } from '../../domain/doctor/doctor.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';

interface DoctorOptions {
  readonly fix?: boolean;
  readonly fixPermissions?: boolean;
  readonly canary?: boolean;
  readonly model: boolean;
  readonly json?: boolean;
}

const NOTES = `
Columns: level (error, warning, info, ok), check, what was found, the command that mends it.
The model is asked for one word, in a session that is thrown away; --no-model leaves that out.

--fix mends what is safe: it never touches uncommitted work and deletes no state file (damaged ones become
*.corrupt-TIME). What is not safe it leaves to you, and says how. A second --fix has nothing left to mend.

Examples:
  kugetsu doctor
  kugetsu doctor --fix
  kugetsu doctor --fix-permissions     no agent may wait for an answer that nobody gives
  kugetsu doctor --json --no-model     for monitoring
  kugetsu doctor --canary              the whole way of a start, for real; it costs one short answer of the model

Exit codes: 0 no error was found (or none is left), 1 errors, 2 usage, 130 interrupted.`;

/** `kugetsu doctor` */
export function registerDoctor({ program, context, exitWith }: Registration): void {
  program
    .command('doctor')
    .description('find what is wrong with kugetsu, its home and opencode, and mend it')
    .option('--fix', 'mend what is safe to mend, and say what was done')
    .option('--fix-permissions', 'give the sessions the permission rules that an agent without a terminal needs')
    .option('--canary', 'run an agent from start to end in a repository that is thrown away')
    .option('--no-model', 'do not ask the model')
    .option('--json', 'print an object')
    .addHelpText('after', NOTES)
    .action(async ({ fix = false, fixPermissions = false, canary = false, model, json = false }: DoctorOptions) => {
      const { runDoctor } = await import('../../domain/doctor/doctor.ts');
      const { terminal } = context;
      const diagnosis = await runDoctor(context, {
        fix,
        fixPermissions,
        askModel: model,
        canary: canary ? { signal: context.gracefulStop(), onStep: (step) => terminal.err(stepText(step)) } : undefined,
        onRepair: ({ mended, message, finding }) =>
          terminal.err(mended ? `mended: ${message}` : `not mended: ${finding}\n  ${message}`),
      });
      if (json) terminal.out(JSON.stringify(diagnosis, null, 2));
      else await print(context, diagnosis);
      if (!diagnosis.healthy) exitWith(EXIT.failed);
    });
}

function stepText({ name, ms, note }: CanaryStep): string {
  return `canary: ${name.padEnd(10)} ${formatDuration(ms).padStart(6)}  ${oneLine(note)}`;
}

async function print({ terminal }: CliContext, { findings, permissions }: Diagnosis): Promise<void> {
  const { countFindings, renderFindings } = await import('../views/findings.ts');
  if (permissions !== null) {
    const { renderPermissions } = await import('../views/permissions.ts');
    terminal.err(renderPermissions(permissions));
  }
  terminal.out(renderFindings(findings, { ruled: terminal.ruled, colour: terminal.colour.out }));
  terminal.err(countFindings(findings));
}
