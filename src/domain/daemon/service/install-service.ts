import { pathExists } from '../../../adapters/store/paths.ts';
import { writeJsonFile } from '../../../adapters/store/json-file.ts';
import { makePrivateDirectory, removeFile, replaceFile } from '../../../adapters/store/private-files.ts';
import { dirname } from 'node:path';
import { AppError } from '../../../util/errors.ts';
import { EXIT } from '../../../util/exit-codes.ts';
import { pasteQuote } from '../../../util/text.ts';
import { said, words } from '../../../util/words.ts';
import type { Context } from '../../context.ts';
import { runTool, serviceManagers } from './service-managers.ts';
import { serviceOf, type Service, type ServiceKind, type ServiceManager, type Step } from './service.ts';

/** What is going to be done, or was; a step that is `left` is for the user to run where it can be. */
export interface ServicePlan {
  readonly kind: ServiceKind;
  readonly name: string;
  readonly steps: readonly Step[];
  readonly left: readonly Step[];
  /** The names of the variables that the service has from the caller's environment. */
  readonly carried: readonly string[];
}

/**
 * What installing the daemon as a service takes: of the kind that is asked for, else of the first that works here. Where
 * an asked one cannot be reached, its commands are left to the user.
 *
 * @throws AppError `no_service_manager` (exit code 3) when none works here
 */
export async function planInstall(context: Context, asked: ServiceKind | undefined): Promise<ServicePlan> {
  const managers = serviceManagers(context);
  const manager = asked === undefined ? await firstAvailable(managers) : managers.find(({ kind }) => kind === asked);
  if (manager === undefined) {
    throw new AppError('no_service_manager', 'neither systemd, launchd nor cron works for this user here', {
      hint: 'run: kugetsu queue-daemon start, which lasts until the next reboot; install --systemd writes the unit anyway',
      exit: EXIT.notReady,
    });
  }
  const service = serviceOf(context);
  const steps = [...(await environmentSteps(service)), ...(await manager.planInstall(service))];
  const reachable = asked === undefined || (await manager.available());
  const carried = Object.keys(service.carried);
  return { kind: manager.kind, name: service.name, carried, ...(reachable ? { steps, left: [] } : withoutRuns(steps)) };
}

/** What taking the service away takes, of every kind that is installed; none when there is none. */
export async function planUninstall(context: Context): Promise<readonly ServicePlan[]> {
  const service = serviceOf(context);
  const plans: ServicePlan[] = [];
  for (const manager of serviceManagers(context)) {
    const own = await manager.planUninstall(service);
    if (own.length === 0) continue;
    const steps = [...own, ...(await environmentSteps({ ...service, carried: {} }))];
    const reachable = await manager.available();
    plans.push({
      kind: manager.kind,
      name: service.name,
      carried: [],
      ...(reachable ? { steps, left: [] } : withoutRuns(steps)),
    });
  }
  return plans;
}

/** @throws AppError `service_failed` with what the system said */
export async function applyStep(context: Context, step: Step): Promise<void> {
  switch (step.type) {
    case 'write':
      return replaceFile(step.path, step.content, 0o644);
    case 'keep':
      await makePrivateDirectory(dirname(step.path));
      return writeJsonFile(step.path, step.variables);
    case 'remove':
      return removeFile(step.path);
    case 'crontab':
      return runNeeded(context, ['crontab', '-'], step.content);
    case 'run':
      return step.needed ? runNeeded(context, step.command) : void (await runTool(context, step.command));
  }
}

/** A step as a command or a change that a person reads. */
export function stepText(step: Step): string {
  switch (step.type) {
    case 'write':
      return `write ${step.path}`;
    case 'keep':
      return `keep ${Object.keys(step.variables).join(', ')} in ${step.path}`;
    case 'remove':
      return `remove ${step.path}`;
    case 'crontab':
      return 'change the crontab';
    case 'run':
      return `run: ${step.command.map(pasteQuote).join(' ')}`;
  }
}

/** The file of what is carried; without anything to carry there is none. */
async function environmentSteps({ carried, carriedFile: path }: Service): Promise<Step[]> {
  if (Object.keys(carried).length > 0) return [{ type: 'keep', path, variables: carried }];
  return (await pathExists(path)) ? [{ type: 'remove', path }] : [];
}

async function runNeeded(context: Context, command: readonly string[], input?: string): Promise<void> {
  const { exitCode, stderr, startError } = await runTool(context, command, input);
  if (exitCode === 0) return;
  throw new AppError('service_failed', words`${command.join(' ')} failed: ${said(startError ?? stderr)}`, {
    hint: 'fix that, then run the command again; it is safe to repeat',
  });
}

async function firstAvailable(managers: readonly ServiceManager[]): Promise<ServiceManager | undefined> {
  for (const manager of managers) if (await manager.available()) return manager;
  return undefined;
}

function withoutRuns(steps: readonly Step[]): Pick<ServicePlan, 'steps' | 'left'> {
  return { steps: steps.filter(({ type }) => type !== 'run'), left: steps.filter(({ type }) => type === 'run') };
}
