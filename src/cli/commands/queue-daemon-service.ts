import type { ServicePlan } from '../../domain/daemon/service/install-service.ts';
import type { ServiceKind } from '../../domain/daemon/service/service.ts';
import { usageError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';

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
