import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { parseCount } from './kit.ts';
import type { ServicePlan } from '../../domain/daemon/service/install-service.ts';
import type { ServiceKind } from '../../domain/daemon/service/service.ts';
import { usageError } from '../../util/errors.ts';
import type { CliContext } from '../context.ts';

/** Starts the daemon in the background. */
export async function start({ context }: Call): Promise<void> {
  const { startDaemon } = await import('../../domain/daemon/control-daemon.ts');
  const { pid, started } = await startDaemon(context);
  context.terminal.err(
    started ? `queue daemon started (pid ${pid})` : `the queue daemon is already running (pid ${pid})`,
  );
}

/** Stops the daemon, and says which agents go on. */
export async function stop({ context }: Call): Promise<void> {
  const { stopDaemon } = await import('../../domain/daemon/control-daemon.ts');
  const { liveRunSubjects } = await import('../../domain/work/live-runs.ts');
  const pid = await stopDaemon(context);
  const live = await liveRunSubjects(context);
  const rest = live.length === 0 ? '' : `; agents at work go on: ${live.join(', ')}`;
  context.terminal.err(
    pid === undefined ? `no queue daemon is running${rest}` : `queue daemon stopped (pid ${pid})${rest}`,
  );
}

/** Stops the daemon and starts it again. */
export async function restart(call: Call): Promise<void> {
  await stop(call);
  await start(call);
}

const DEFAULT_LINES = 50;

/** Prints the last lines of the daemon's log. */
export async function daemonLogs({ context }: Call, { count }: { readonly count: string | undefined }): Promise<void> {
  const { readDaemonLog } = await import('../../domain/daemon/control-daemon.ts');
  const lines = await readDaemonLog(context, parseCount(count, DEFAULT_LINES));
  context.terminal.out(lines.join('\n'));
}

interface RunOptions {
  readonly once: boolean;
  readonly background: boolean;
}

/** Is the daemon until it is stopped. */
export async function runInForeground({ context }: Call, { once, background }: RunOptions): Promise<void> {
  const { runDaemon } = await import('../../domain/daemon/run-daemon.ts');
  const onLine = (line: string): void => (background ? undefined : context.terminal.err(line));
  await runDaemon(context, { once, signal: context.gracefulStop(), onLine });
}

/** Prints whether the daemon runs; when it does not, the exit code is 3. */
export async function daemonStatus({ context, exitWith }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { findDaemon } = await import('../../domain/daemon/find-daemon.ts');
  const { placeElsewhere } = await import('../../domain/runs/elsewhere.ts');
  const found = await findDaemon(context);
  const place = found === undefined ? undefined : placeElsewhere(context.home, found);
  const state = { running: found !== undefined, pid: found?.owner.pid ?? null, since: found?.since ?? null };
  const where = place ?? `pid ${found?.owner.pid ?? '-'}`;
  await printResult(context, {
    json,
    value: { ...state, ...(place === undefined ? {} : { elsewhere: place }) },
    line: true,
    text: () => (found === undefined ? 'not running' : `running (${where}, since ${found.since})`),
  });
  if (found !== undefined) return;
  const { findScriptDaemon, scriptDaemonRuns } = await import('../../domain/daemon/find-daemon.ts');
  const other = await findScriptDaemon(context);
  if (other !== undefined) {
    context.terminal.err(`kugetsu: ${scriptDaemonRuns(other)}\n  run: kugetsu queue-daemon stop`);
  }
  exitWith(EXIT.notReady);
}

interface InstallOptions {
  readonly systemd: boolean;
  readonly launchd: boolean;
  readonly cron: boolean;
  readonly dryRun: boolean;
}

const KINDS: readonly ServiceKind[] = ['systemd', 'launchd', 'cron'];

/** Has the daemon run from now on. */
export async function installDaemon({ context }: Call, options: InstallOptions): Promise<void> {
  const { stopDaemon } = await import('../../domain/daemon/control-daemon.ts');
  const { planInstall } = await import('../../domain/daemon/service/install-service.ts');
  const asked = KINDS.filter((kind) => options[kind]);
  if (asked.length > 1) throw usageError('one kind of service at a time', `use one of --${asked.join(', --')}`);
  const plan = await planInstall(context, asked[0]);
  if (options.dryRun) return printPlan(context, plan);
  if (plan.kind !== 'cron' && plan.left.length === 0) {
    // Only one daemon can have the home.
    const pid = await stopDaemon(context);
    if (pid !== undefined) context.terminal.err(`stopped the queue daemon that was running (pid ${pid})`);
  }
  await apply(context, plan);
  tellCarried(context, plan);
  context.terminal.err(`installed for ${plan.kind}: ${plan.name}; to undo it, run: kugetsu queue-daemon uninstall`);
}

/** What the service has from this shell holds until it is installed again. */
function tellCarried({ home, terminal }: CliContext, { carried }: ServicePlan): void {
  if (carried.length === 0) return;
  terminal.err(`the daemon and its agents get ${carried.join(', ')} as they are now (in ${home.serviceEnvironment})`);
  terminal.err('  install it again when they change');
}

/** Undoes that. */
export async function uninstallDaemon({ context }: Call, { dryRun }: Pick<InstallOptions, 'dryRun'>): Promise<void> {
  const { planUninstall } = await import('../../domain/daemon/service/install-service.ts');
  const plans = await planUninstall(context);
  for (const plan of plans) await (dryRun ? printPlan(context, plan) : apply(context, plan));
  if (plans.length === 0) context.terminal.err('the queue daemon is not installed as a service');
  if (plans.some(({ kind }) => kind === 'cron') && !dryRun) {
    context.terminal.err('the daemon itself goes on; to stop it, run: kugetsu queue-daemon stop');
  }
}

async function apply(context: CliContext, { steps, left }: ServicePlan): Promise<void> {
  const { applyStep, stepText } = await import('../../domain/daemon/service/install-service.ts');
  for (const step of steps) {
    await applyStep(context, step);
    context.terminal.err(`done: ${stepText(step)}`);
  }
  for (const step of left) context.terminal.err(`still to do by hand: ${stepText(step)}`);
}

async function printPlan(context: CliContext, { steps, left }: ServicePlan): Promise<void> {
  const { stepText } = await import('../../domain/daemon/service/install-service.ts');
  for (const step of [...steps, ...left]) {
    context.terminal.out(`would ${stepText(step)}`);
    if ('content' in step) context.terminal.out(step.content.trimEnd().replaceAll(/^/gm, '  | '));
  }
}
