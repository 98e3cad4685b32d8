import type { Command } from 'commander';
import type { ServicePlan } from '../../domain/daemon/service/install-service.ts';
import type { ServiceKind } from '../../domain/daemon/service/service.ts';
import { usageError } from '../../util/errors.ts';
import type { CliContext } from '../context.ts';
import { helpNotes } from './kit.ts';

interface InstallOptions {
  readonly systemd?: boolean;
  readonly launchd?: boolean;
  readonly cron?: boolean;
  readonly dryRun?: boolean;
}

const KINDS: readonly ServiceKind[] = ['systemd', 'launchd', 'cron'];

const INSTALL_NOTES = `
For the current user and this home, with this very program; again when kugetsu has moved. Without a choice it is what
works here, in that order. OPENCODE_*, XDG_* and proxy variables are kept for the daemon as they are now, in a private
file. A daemon that runs already makes room; agents at work go on. On a server, let services run
without a login: loginctl enable-linger.
`;

/** `kugetsu queue-daemon install` and `uninstall` */
export function registerDaemonService(daemon: Command, context: CliContext): void {
  daemon
    .command('install')
    .description('have it run from now on, after a reboot too')
    .option('--systemd', 'as a user unit of systemd')
    .option('--launchd', 'as a launch agent of macOS')
    .option('--cron', 'from the crontab, which looks after it every 5 minutes')
    .option('--dry-run', 'print what would be done, and do nothing')
    .addHelpText(
      'after',
      INSTALL_NOTES +
        helpNotes(
          ['kugetsu queue-daemon install', 'kugetsu queue-daemon install --cron --dry-run'],
          '0 installed, 1 failed, 2 usage, 3 nothing here can run it',
        ),
    )
    .action(async (options: InstallOptions) => install(context, options));
  daemon
    .command('uninstall')
    .description('undo install; agents at work go on')
    .option('--dry-run', 'print what would be done, and do nothing')
    .addHelpText(
      'after',
      helpNotes(['kugetsu queue-daemon uninstall'], '0 nothing is installed any more, 1 failed, 2 usage'),
    )
    .action(async ({ dryRun = false }: InstallOptions) => uninstall(context, dryRun));
}

async function install(context: CliContext, options: InstallOptions): Promise<void> {
  const { stopDaemon } = await import('../../domain/daemon/control-daemon.ts');
  const { planInstall } = await import('../../domain/daemon/service/install-service.ts');
  const asked = KINDS.filter((kind) => options[kind] === true);
  if (asked.length > 1) throw usageError('one kind of service at a time', `use one of --${asked.join(', --')}`);
  const plan = await planInstall(context, asked[0]);
  if (options.dryRun === true) return printPlan(context, plan);
  if (plan.kind !== 'cron' && plan.left.length === 0) {
    // Only one daemon can have the home.
    const pid = await stopDaemon(context);
    if (pid !== undefined) context.terminal.err(`stopped the queue daemon that was running (pid ${pid})`);
  }
  await apply(context, plan);
  tellCarried(context, plan);
  context.terminal.err(`installed for ${plan.kind}: ${plan.name}; kugetsu queue-daemon uninstall undoes it`);
}

/** What the service has from this shell holds until it is installed again. */
function tellCarried({ home, terminal }: CliContext, { carried }: ServicePlan): void {
  if (carried.length === 0) return;
  terminal.err(`the daemon and its agents get ${carried.join(', ')} as they are now (in ${home.serviceEnvironment})`);
  terminal.err('  install it again when they change');
}

async function uninstall(context: CliContext, dryRun: boolean): Promise<void> {
  const { planUninstall } = await import('../../domain/daemon/service/install-service.ts');
  const plans = await planUninstall(context);
  for (const plan of plans) await (dryRun ? printPlan(context, plan) : apply(context, plan));
  if (plans.length === 0) context.terminal.err('the queue daemon is not installed as a service');
  if (plans.some(({ kind }) => kind === 'cron') && !dryRun) {
    context.terminal.err('the daemon goes on until kugetsu queue-daemon stop');
  }
}

async function apply(context: CliContext, { steps, left }: ServicePlan): Promise<void> {
  const { applyStep, stepText } = await import('../../domain/daemon/service/install-service.ts');
  for (const step of steps) {
    await applyStep(context, step);
    context.terminal.err(`done: ${stepText(step)}`);
  }
  for (const step of left) context.terminal.err(`left to you, where it can be reached: ${stepText(step)}`);
}

async function printPlan(context: CliContext, { steps, left }: ServicePlan): Promise<void> {
  const { stepText } = await import('../../domain/daemon/service/install-service.ts');
  for (const step of [...steps, ...left]) {
    context.terminal.out(`would ${stepText(step)}`);
    if ('content' in step) context.terminal.out(step.content.trimEnd().replaceAll(/^/gm, '  | '));
  }
}
