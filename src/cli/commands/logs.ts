import { EXIT } from '../../util/exit-codes.ts';
import { usageError, unlessRefused } from '../../util/errors.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { parseCount } from './kit.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly json?: boolean;
}

const DEFAULT_RUNS = 10;

const EXAMPLES = `
Examples:
  kugetsu logs                                  the last 10 runs
  kugetsu logs 20                               the last 20 runs
  kugetsu logs github.com/shoko/kugetsu#14 -f   what the issue's agent does, until it is done
  kugetsu logs q_0mwrzy3vsoanbch2t              the last run of a task

Logs are kept for 7 days. Of a line that is longer than 128 KB the beginning is shown.
Exit codes: 0 shown, 1 no log (with --follow: the run failed), 2 usage.`;

/** `kugetsu logs` */
export function registerLogs({ program, context, exitWith }: Registration): void {
  program
    .command('logs')
    .description('list the last runs, or show the log of one')
    .argument('[what]', 'a number of runs, an issue ref, a task id or a run id')
    .option('-f, --follow', 'go on until the run has ended; the exit code is its verdict')
    .option('--json', 'print the runs as JSON, or a log as it is: one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(async (what: string | undefined, { follow = false, json = false }: LogsOptions) => {
      if (what === undefined || /^\d+$/.test(what)) {
        if (follow) throw usageError('--follow needs one run', 'give an issue ref, a task id or a run id');
        await listRuns(context, parseCount(what, DEFAULT_RUNS), json);
        return;
      }
      const succeeded = await showRun(context, what, { follow, json });
      if (follow && !succeeded) exitWith(EXIT.failed);
    });
}

async function listRuns(context: CliContext, count: number, json: boolean): Promise<void> {
  const { recentRuns } = await import('../../domain/runs/recent-runs.ts');
  const { reconcileRuns } = await import('../../domain/work/reconcile-runs.ts');
  const { clearOldLogs } = await import('../../domain/queue/clear.ts');
  const { renderRecentRuns } = await import('../views/recent-runs.ts');
  // A home that cannot be written can be read.
  await reconcileRuns(context, { takeOver: false }).catch(unlessRefused);
  await clearOldLogs(context).catch(unlessRefused);
  const runs = await recentRuns(context, count);
  const { ruled, colour } = context.terminal;
  context.terminal.out(json ? JSON.stringify(runs, null, 2) : renderRecentRuns(runs, { ruled, colour: colour.out }));
}

async function showRun(
  context: CliContext,
  subject: string,
  { follow = false, json = false }: LogsOptions,
): Promise<boolean> {
  const { readRunLog } = await import('../../domain/work/read-run-log.ts');
  const { renderRunEntry } = await import('../views/run-entry.ts');
  const { terminal } = context;
  const run = await readRunLog(context, {
    subject,
    follow,
    signal: context.gracefulStop(),
    onLine: ({ line, entry }) => {
      const shown = json ? line() : renderRunEntry(entry, { colour: terminal.colour.out });
      if (shown !== undefined) terminal.out(shown);
    },
  });
  return run?.verdict?.outcome === 'succeeded';
}
