import type { Diagnosis } from '../../domain/doctor/doctor.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../program.ts';

interface DoctorOptions {
  readonly fix?: boolean;
  readonly fixPermissions?: boolean;
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

Exit codes: 0 no error was found (or none is left), 1 errors, 2 usage.`;

/** `kugetsu doctor` */
export function registerDoctor({ program, context, exitWith }: Registration): void {
  program
    .command('doctor')
    .description('find what is wrong with kugetsu, its home and opencode, and mend it')
    .option('--fix', 'mend what is safe to mend, and say what was done')
    .option('--fix-permissions', 'give the sessions the permission rules that an agent without a terminal needs')
    .option('--no-model', 'do not ask the model')
    .option('--json', 'print an object')
    .addHelpText('after', NOTES)
    .action(async ({ fix = false, fixPermissions = false, model, json = false }: DoctorOptions) => {
      const { runDoctor } = await import('../../domain/doctor/doctor.ts');
      const { terminal } = context;
      const diagnosis = await runDoctor(context, {
        fix,
        fixPermissions,
        askModel: model,
        onRepair: ({ mended, message, finding }) =>
          terminal.err(mended ? `mended: ${message}` : `not mended: ${finding}\n  ${message}`),
      });
      if (json) terminal.out(JSON.stringify(diagnosis, null, 2));
      else await print(context, diagnosis);
      if (!diagnosis.healthy) exitWith(EXIT.failed);
    });
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
