import type { Command } from 'commander';
import { EXIT } from '../../util/exit-codes.ts';
import type { CliContext } from '../context.ts';
import type { Call, Registration } from '../registration.ts';
import { helpNotes, parseCount } from './kit.ts';
import { registerDaemonService } from './queue-daemon-service.ts';

const DEFAULT_LOG_LINES = 50;

/** `kugetsu queue-daemon …` */
export function registerQueueDaemon(registration: Registration): void {
  const { program, context } = registration;
  const daemon = program
    .command('queue-daemon')
    .description('start, stop and watch the daemon that works the queue off')
    .addHelpText('after', helpNotes(EXAMPLES, EXIT_CODES));
  registerStartAndStop(daemon, context);
  registerDaemonStatus(daemon, registration);
  registerRun(daemon, context);
  registerDaemonLogs(daemon, context);
  registerDaemonService(daemon, context);
}

const EXAMPLES = ['kugetsu queue-daemon start', 'kugetsu queue-daemon status', 'kugetsu queue-daemon logs 100'];
const ELSEWHERE = '4 it is running in another container or on another machine';
const EXIT_CODES = '0 done, 1 failed, 2 usage, 3 not ready or not running, 4 another daemon is running';

function registerStartAndStop(daemon: Command, context: CliContext): void {
  daemon
    .command('start')
    .description('start it in the background; when it is running already, that is fine')
    .addHelpText(
      'after',
      helpNotes(['kugetsu queue-daemon start'], `0 it is running, 1 it did not come up, 2 usage, ${ELSEWHERE}`),
    )
    .action(async () => start(context));
  daemon
    .command('stop')
    .description('stop it; agents at work go on')
    .addHelpText(
      'after',
      helpNotes(['kugetsu queue-daemon stop'], `0 none is running any more, 1 failed, 2 usage, ${ELSEWHERE}`),
    )
    .action(async () => stop(context));
  daemon
    .command('restart')
    .description('stop it and start it again; agents at work go on')
    .addHelpText(
      'after',
      helpNotes(['kugetsu queue-daemon restart'], `0 it is running, 1 it did not come up, 2 usage, ${ELSEWHERE}`),
    )
    .action(async () => {
      await stop(context);
      await start(context);
    });
}

function registerDaemonStatus(daemon: Command, { context, exitWith }: Registration): void {
  daemon
    .command('status')
    .description('say whether it is running')
    .option('--json', 'print an object')
    .addHelpText('after', helpNotes(['kugetsu queue-daemon status --json'], '0 running, 2 usage, 3 not running'))
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { findDaemon } = await import('../../domain/daemon/find-daemon.ts');
      const found = await findDaemon(context);
      const { placeElsewhere } = await import('../../domain/runs/elsewhere.ts');
      const place = found === undefined ? undefined : placeElsewhere(context.home, found);
      const state = { running: found !== undefined, pid: found?.owner.pid ?? null, since: found?.since ?? null };
      const where = place ?? `pid ${found?.owner.pid ?? '-'}`;
      const text = found === undefined ? 'not running' : `running (${where}, since ${found.since})`;
      context.terminal.out(
        json ? JSON.stringify({ ...state, ...(place === undefined ? {} : { elsewhere: place }) }) : text,
      );
      if (found !== undefined) return;
      const { findScriptDaemon, scriptDaemonRuns } = await import('../../domain/daemon/script-daemon.ts');
      const other = await findScriptDaemon(context);
      if (other !== undefined) {
        context.terminal.err(`kugetsu: ${scriptDaemonRuns(other)}\n  run: kugetsu queue-daemon stop`);
      }
      exitWith(EXIT.notReady);
    });
}

function registerDaemonLogs(daemon: Command, context: CliContext): void {
  daemon
    .command('logs')
    .description('show the last lines of its log')
    .argument('[n]', `how many (default: ${DEFAULT_LOG_LINES})`)
    .addHelpText('after', helpNotes(['kugetsu queue-daemon logs 100'], '0 shown, 1 failed, 2 usage'))
    .action(async (count: string | undefined) => {
      const { readDaemonLog } = await import('../../domain/daemon/control-daemon.ts');
      const lines = await readDaemonLog(context, parseCount(count, DEFAULT_LOG_LINES));
      context.terminal.out(lines.join('\n'));
    });
}

function registerRun(daemon: Command, context: CliContext): void {
  daemon
    .command('run')
    .description('be the daemon in the foreground: for systemd, cron and containers')
    .option('--once', 'look once, dispatch what can be dispatched, and end')
    .option('--background', 'log to the file only', false)
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu queue-daemon run          for systemd and containers', 'kugetsu queue-daemon run --once   for cron'],
        '0 ended, 1 failed, 2 usage, 4 another daemon is running',
      ),
    )
    .action(async (options: RunOptions) => runInForeground({ context }, options));
}

interface RunOptions {
  readonly once?: boolean;
  readonly background?: boolean;
}

/** Is the daemon until it is stopped. */
export async function runInForeground(
  { context }: Pick<Call, 'context'>,
  { once = false, background = false }: RunOptions,
): Promise<void> {
  const { runDaemon } = await import('../../domain/daemon/run-daemon.ts');
  const onLine = (line: string): void => (background ? undefined : context.terminal.err(line));
  await runDaemon(context, { once, signal: context.gracefulStop(), onLine });
}

async function start(context: CliContext): Promise<void> {
  const { startDaemon } = await import('../../domain/daemon/control-daemon.ts');
  const { pid, started } = await startDaemon(context);
  context.terminal.err(started ? `queue daemon started (pid ${pid})` : `queue daemon is running already (pid ${pid})`);
}

async function stop(context: CliContext): Promise<void> {
  const { stopDaemon } = await import('../../domain/daemon/control-daemon.ts');
  const { liveRunSubjects } = await import('../../domain/work/live-runs.ts');
  const pid = await stopDaemon(context);
  const live = await liveRunSubjects(context);
  const rest = live.length === 0 ? '' : `; agents at work go on: ${live.join(', ')}`;
  context.terminal.err(
    pid === undefined ? `no queue daemon is running${rest}` : `queue daemon stopped (pid ${pid})${rest}`,
  );
}
