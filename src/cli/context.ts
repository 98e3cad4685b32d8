import { resolve } from 'node:path';
import { systemClock } from '../adapters/clock.ts';
import { lazyOpencode, type Opencode } from '../adapters/opencode/opencode.ts';
import type { IdentifiedOpencode } from '../adapters/opencode/probe.ts';
import type { SharedServers } from '../adapters/opencode/server/serve-agent.ts';
import type { SelfCommand } from '../adapters/process/self-command.ts';
import { homedir } from '../adapters/process/user.ts';
import { realPathNow, stampAtOnce } from '../adapters/store/paths.ts';
import { processTerminal, type Terminal } from '../adapters/terminal.ts';
import type { Context } from '../domain/queue/context.ts';
import { homeAt } from '../domain/home.ts';
import type { Courier } from '../domain/notifications/courier.ts';
import { lazyQueue } from '../domain/queue/lazy-queue.ts';
import type { QueueStore } from '../domain/queue/queue-store.ts';
import type { Settings } from '../domain/settings-schema.ts';
import { defaultTempDirectory } from '../domain/settings/unattended-rights.ts';
import { versionText } from './version.ts';
import { usageError } from '../util/errors.ts';

/** What commands are given on top of what domain functions are. */
export interface CliContext extends Context {
  readonly terminal: Terminal;
  /** What `--json=FIELD,…` asks for; undefined for all. */
  readonly fields?: readonly string[] | undefined;
  /** Whether a terminal is shown all of a table, however wide. */
  readonly wide?: boolean;
  /** From now on an interrupt aborts this signal instead of ending the process. */
  readonly gracefulStop: () => AbortSignal;
  /** Whether the user, or the system, has asked this process to stop. */
  readonly interrupted: () => boolean;
}

/** What the process is: the only things that come from outside. */
export interface ProcessFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly self: SelfCommand;
  readonly gracefulStop: () => AbortSignal;
  readonly interrupted: () => boolean;
}

/** Wires everything; the one place that decides which implementation is used. */
export async function createContext({
  env: own,
  cwd: workingDirectory,
  self,
  gracefulStop,
  interrupted,
}: ProcessFacts): Promise<CliContext> {
  const given = await completeEnvironment(own);
  const userHome = homedir(given);
  const cwd = realPathNow(workingDirectory);
  const named = namedPaths(given, userHome);
  const opencode = named['KUGETSU_OPENCODE'] ?? '';
  // Runners and the daemon work in another directory than this one.
  const binary = opencode.includes('/') ? { KUGETSU_OPENCODE: resolve(cwd, opencode) } : {};
  const env: ProcessFacts['env'] = { ...given, ...named, HOME: userHome, ...binary };
  const home = homeAt(resolve(cwd, named['KUGETSU_DIR'] ?? `${userHome}/.kugetsu`));
  const settings = settingsOf({ home, env });
  return {
    home,
    env,
    cwd,
    clock: systemClock,
    self,
    gracefulStop,
    interrupted,
    settings,
    tempDirectory: async () => (await settings()).KUGETSU_TEMP_DIR ?? defaultTempDirectory(env),
    opencode: opencodeOf({ home, env, cwd, settings }),
    queue: queueOf({ home, env, clock: systemClock, settings, self }),
    terminal: processTerminal(env),
  };
}

/** Reads the settings. As long as the file has the same text they are the same, and a daemon asks for them all the time. */
function settingsOf({ home, env }: Pick<Context, 'home' | 'env'>): Context['settings'] {
  let last: { readonly text: string | undefined; readonly settings: Settings } | undefined;
  return async () => {
    const { readSettingsSource } = await import('../domain/settings/list-settings.ts');
    const { resolveSettings } = await import('../domain/settings/settings.ts');
    const source = await readSettingsSource({ home, env });
    if (last === undefined || last.text !== source.text)
      last = { text: source.text, settings: resolveSettings(source) };
    return last.settings;
  };
}

/** What runs agents: the installed opencode, whichever major version it is. */
function opencodeOf({ home, env, cwd, settings }: Pick<Context, 'home' | 'env' | 'cwd' | 'settings'>): Opencode {
  const madeBy = async (): Promise<number | undefined> => {
    const { sessionsMadeBy } = await import('../domain/sessions/same-opencode.ts');
    return sessionsMadeBy({ home });
  };
  // Who asks which opencode it is hands the answer on to its driver.
  let answer: Promise<IdentifiedOpencode> | undefined;
  const ask = async (): Promise<IdentifiedOpencode> => {
    const { identifyOpencode } = await import('../adapters/opencode/probe.ts');
    return identifyOpencode({ env, cwd, cache: home.opencodeProbe });
  };
  const identify = async (): Promise<IdentifiedOpencode> => {
    const given = answer ?? ask();
    answer = undefined;
    return given;
  };
  const facts = { env, cwd, clock: systemClock, probeCache: home.opencodeProbe, madeBy, identify };
  const one = lazyOpencode(async () => {
    const { createOpencode } = await import('../adapters/opencode/opencode-driver.ts');
    return createOpencode({
      ...facts,
      exportCaches: { base: home.baseExport, pm_agent: home.pmAgentExport },
      cleanExport: async () => {
        const { redactorOf } = await import('../domain/agent-env/redactor.ts');
        const { isExportWord } = await import('../adapters/engine/event-words.ts');
        const redactor = await redactorOf({ home, env });
        return (json) => redactor.known(json, isExportWord);
      },
      startupLimitMs: async () => (await settings()).AGENT_STARTUP_TIMEOUT_SECONDS * 1000,
      servers: serversOf({ home, settings }),
      catalogue: {
        directory: home.modelCatalogues,
        wanted: async () => (await settings()).MODEL_CATALOGUE === 'trimmed',
      },
    });
  });
  const two = lazyOpencode(async () => {
    const { createOpencode2 } = await import('../adapters/opencode2/driver.ts');
    return createOpencode2({ ...facts, tried: home.opencodeTried });
  });
  return lazyOpencode(async () => {
    const { eitherOpencode } = await import('../adapters/opencode2/either.ts');
    const major = async (): Promise<number> => {
      answer = ask();
      return (await answer).major;
    };
    return eitherOpencode({ clock: systemClock, major, one, two });
  });
}

/** The servers that agents may share. */
function serversOf({ home, settings }: Pick<Context, 'home' | 'settings'>): SharedServers {
  return {
    directory: home.servers,
    wanted: async (program, choice) => {
      const engine = choice ?? (await settings()).AGENT_ENGINE;
      if (engine !== 'auto') return engine === 'server';
      const { hasServerPassed } = await import('../adapters/opencode/tried.ts');
      return hasServerPassed(home.opencodeTried, await program());
    },
    // Who has not asked for a server is not to wait for one.
    readyMs: async (choice) => ((choice ?? (await settings()).AGENT_ENGINE) === 'auto' ? 8000 : 60_000),
    idleMs: async () => (await settings()).AGENT_SERVER_IDLE_SECONDS * 1000,
    settingNames: async () => Object.keys((await import('../domain/settings-schema.ts')).SettingsSchema.shape),
  };
}

/** Where the tasks are: in the files of the home, or in the table of the fleet that it is in. */
function queueOf(context: Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'self'>): QueueStore {
  const courier: Courier = {
    take: async (added) => (await loadCourier(context)).take(added),
    go: async () => (await loadCourier(context)).go(),
  };
  return lazyQueue(async () => {
    const given = { ...context, courier };
    if (isInFleet(context)) {
      const { openFleetQueue } = await import('../domain/queue/table/open-table.ts');
      const fleet = await openFleetQueue(given, versionText());
      if (fleet !== undefined) return fleet;
    }
    const { FileQueue } = await import('../domain/queue/file-queue.ts');
    return new FileQueue(given);
  });
}

/** Whether the queue may be that of a fleet: most homes are in none, and learn it without loading anything. */
export function isInFleet({ home, env }: Pick<Context, 'home' | 'env'>): boolean {
  return (env['KUGETSU_QUEUE_URL'] ?? '') !== '' || stampAtOnce(home.fleet) !== undefined;
}

async function loadCourier(context: Pick<Context, 'home' | 'env' | 'clock' | 'settings' | 'self'>): Promise<Courier> {
  const { courierOf } = await import('../domain/notifications/courier.ts');
  return courierOf(context, async () => {
    const { launchCourier } = await import('../domain/work/launch-courier.ts');
    await launchCourier(context);
  });
}

/** A service's process has more of its environment in a file, and hands it on. */
async function completeEnvironment(env: ProcessFacts['env']): Promise<ProcessFacts['env']> {
  if ((env['KUGETSU_SERVICE_ENVIRONMENT'] ?? '') === '') return env;
  const { withServiceEnvironment } = await import('../domain/daemon/service/service-environment.ts');
  return withServiceEnvironment(env);
}

/** The paths that kugetsu takes from its environment, as far as they are set. */
function namedPaths(given: ProcessFacts['env'], userHome: string): Record<string, string> {
  const names = ['KUGETSU_DIR', 'KUGETSU_OPENCODE', 'KUGETSU_TEMP_DIR'];
  const set = names.map((name) => [name, given[name] ?? ''] as const).filter(([, path]) => path !== '');
  return Object.fromEntries(set.map(([name, path]) => [name, withoutTilde(name, path, userHome)]));
}

/**
 * The path that a variable of the environment names, with a leading `~` for the home directory: in quotes, in a unit file
 * or in a Dockerfile no shell has replaced it.
 *
 * @throws AppError (usage) for the home directory of somebody else, which only a shell looks up
 */
export function withoutTilde(variable: string, path: string, userHome: string): string {
  if (path === '~' || path.startsWith('~/')) return userHome + path.slice(1);
  if (!path.startsWith('~')) return path;
  throw usageError(
    `${variable}=${path}: ~ stands for the home directory only by itself or before /`,
    `write the whole path, or ./${path} for a directory of that name`,
  );
}
