import { EXIT } from '../../util/exit-codes.ts';
import type { Registration } from '../program.ts';
import { renderRunEntry } from '../views/run-entry.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** `kugetsu logs` */
export function registerLogs({ program, context, exitWith }: Registration): void {
  program
    .command('logs')
    .description("show the log of an issue's run: the one that is on, or the last one")
    .argument('<issue-ref>', 'instance/owner/repo#identifier')
    .option('-f, --follow', 'go on until the run has ended; the exit code is its verdict')
    .option('--json', 'print the log as it is: one JSON object a line')
    .addHelpText('after', '\nExit codes: 0 shown, 1 no log (with --follow: the run failed), 2 usage.')
    .action(async (text: string, { follow = false, json = false }: LogsOptions) => {
      const { parseIssueRef } = await import('../../domain/issues/issue-ref.ts');
      const { readRunLog } = await import('../../domain/runs/read-run-log.ts');
      const { terminal } = context;
      const run = await readRunLog(context, {
        ref: parseIssueRef(text),
        follow,
        onLine: (line, entry) => {
          const shown = json ? line : renderRunEntry(entry, { colour: terminal.colour.out });
          if (shown !== undefined) terminal.out(shown);
        },
      });
      if (follow && run?.verdict?.outcome !== 'succeeded') exitWith(EXIT.failed);
    });
}
