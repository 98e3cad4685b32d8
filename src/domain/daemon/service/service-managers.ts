import { DAEMON_CALL } from '../find-daemon.ts';
import { platformName, userId } from '../../../adapters/process/user.ts';
import { runCommand, type CommandResult } from '../../../adapters/process/run-command.ts';
import { readTextIfExists } from '../../../adapters/store/private-files.ts';
import { AppError } from '../../../util/errors.ts';
import { said, words } from '../../../util/words.ts';
import type { Context } from '../../context.ts';
import { launchdLabel, launchdPlist, systemdUnit, withoutService, withService } from './service-definitions.ts';
import { MARKER, type Service, type ServiceManager, type Step } from './service.ts';

type Machine = Pick<Context, 'env'>;

const TIMEOUT_MS = 30_000;

/** What manages services here, the one that is preferred first. */
export function serviceManagers(machine: Machine): readonly ServiceManager[] {
  return [systemd(machine), launchd(machine), cron(machine)];
}

/** Runs a program of the system; never an exception. */
export async function runTool(
  { env }: Machine,
  [command = '', ...args]: readonly string[],
  input?: string,
): Promise<CommandResult> {
  return runCommand({ command, args, cwd: '/', env, timeoutMs: TIMEOUT_MS, ...(input === undefined ? {} : { input }) });
}

function systemd(machine: Machine): ServiceManager {
  const path = ({ name, userHome }: Service): string => {
    const config = machine.env['XDG_CONFIG_HOME'] ?? '';
    return `${config === '' ? `${userHome}/.config` : config}/systemd/user/${name}.service`;
  };
  const systemctl = (...args: readonly string[]): Step => ({
    type: 'run',
    command: ['systemctl', '--user', ...args],
    needed: true,
  });
  return {
    kind: 'systemd',
    available: async () => (await runTool(machine, ['systemctl', '--user', 'show-environment'])).exitCode === 0,
    async planInstall(service) {
      const write = await planWrite(path(service), systemdUnit(service));
      const unit = `${service.name}.service`;
      return [write, systemctl('daemon-reload'), systemctl('enable', unit), systemctl('restart', unit)];
    },
    async planUninstall(service) {
      if (!(await isOurs(path(service)))) return [];
      const unit = `${service.name}.service`;
      const remove: Step = { type: 'remove', path: path(service) };
      return [systemctl('disable', '--now', unit), remove, systemctl('daemon-reload')];
    },
  };
}

function launchd(machine: Machine): ServiceManager {
  const path = (service: Service): string => `${service.userHome}/Library/LaunchAgents/${launchdLabel(service)}.plist`;
  const domain = `gui/${userId()}`;
  const unload = (service: Service): Step => ({
    type: 'run',
    command: ['launchctl', 'bootout', `${domain}/${launchdLabel(service)}`],
    needed: false,
  });
  return {
    kind: 'launchd',
    available: async () =>
      platformName() === 'darwin' && (await runTool(machine, ['launchctl', 'print', domain])).exitCode === 0,
    async planInstall(service) {
      const write = await planWrite(path(service), launchdPlist(service));
      const load: Step = { type: 'run', command: ['launchctl', 'bootstrap', domain, path(service)], needed: true };
      return [write, unload(service), load];
    },
    async planUninstall(service) {
      if (!(await isOurs(path(service)))) return [];
      return [unload(service), { type: 'remove', path: path(service) }];
    },
  };
}

function cron(machine: Machine): ServiceManager {
  return {
    kind: 'cron',
    available: async () => (await runTool(machine, ['crontab', '-l'])).startError === undefined,
    async planInstall(service) {
      const crontab = await readCrontab(machine);
      const changed = withService(crontab, service);
      const start: Step = { type: 'run', command: [...service.kugetsu, ...DAEMON_CALL.start], needed: true };
      return [...(changed === crontab ? [] : [{ type: 'crontab' as const, content: changed }]), start];
    },
    async planUninstall(service) {
      const crontab = await readCrontab(machine).catch(() => '');
      const changed = withoutService(crontab, service);
      return changed === crontab ? [] : [{ type: 'crontab', content: changed }];
    },
  };
}

/** @throws AppError `not_ours` when somebody else's file stands there */
async function planWrite(path: string, content: string): Promise<Step> {
  const there = await readTextIfExists(path);
  if (there !== undefined && !there.includes(MARKER)) {
    throw new AppError('not_ours', `${path} was not written by kugetsu`, {
      hint: 'move it away and run the command again',
    });
  }
  return { type: 'write', path, content };
}

async function isOurs(path: string): Promise<boolean> {
  return (await readTextIfExists(path))?.includes(MARKER) === true;
}

async function readCrontab(machine: Machine): Promise<string> {
  const { exitCode, stdout, stderr, startError } = await runTool(machine, ['crontab', '-l']);
  if (exitCode === 1 && /no crontab/i.test(stderr)) return '';
  if (exitCode !== 0) {
    throw new AppError('no_crontab', words`cannot read the crontab: ${said(startError ?? stderr)}`, {
      hint: 'is cron installed, and may you use it?',
    });
  }
  // Nothing may be lost of what cannot be shown as text.
  if (stdout.includes('\uFFFD')) {
    throw new AppError('no_crontab', 'the crontab is not valid UTF-8', { hint: 'run: crontab -e' });
  }
  return stdout;
}
