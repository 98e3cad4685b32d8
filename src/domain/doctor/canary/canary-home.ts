import { basename, join } from 'node:path';
import { makeScratchRepository } from '../../../adapters/git/scratch-repository.ts';
import { pathExists, realPath } from '../../../adapters/store/paths.ts';
import { listDirectory } from '../../../adapters/store/directory.ts';
import { writeJsonFile } from '../../../adapters/store/json-file.ts';
import { copyIfExists, makePrivateDirectory } from '../../../adapters/store/private-files.ts';
import { AppError } from '../../../util/errors.ts';
import { EXIT } from '../../../util/exit-codes.ts';
import type { Context } from '../../queue/context.ts';
import { type Home, homeAt } from '../../home.ts';
import { formatIssueRef, parseIssueRef } from '../../issues/issue-ref.ts';
import { FileQueue } from '../../queue/file-queue.ts';
import { ORIGIN_VARIABLE, TASK_VARIABLE } from '../../issues/task-id.ts';
import { readBase, readIssueSession, readPmAgent } from '../../sessions/read-sessions.ts';
import { changeSessions } from '../../sessions/session-store.ts';
import { destroyIssue } from '../../work/destroy-issue.ts';
import { issueTitle } from '../../sessions/session-titles.ts';
import { stopRun } from '../../work/stop-run.ts';
import { isLive } from '../../runs/run-state.ts';

/** The repository of the canary's issue; its host is no host by RFC 2606. */
export const CANARY_REPOSITORY = 'canary.invalid/kugetsu/canary';

/** The issue that the canary works on. */
export const CANARY_REF = parseIssueRef(`${CANARY_REPOSITORY}#1`);

/** A home of the canary's own. */
export interface CanaryHome {
  /** The context of everything that the canary does: slots, sessions, queue and notifications of the real home are not in it. */
  readonly context: Context;
  /** The repository that stands in for a git server. */
  readonly origin: string;
  /** The id that the canary's run is to have. */
  readonly runId: string;
}

/**
 * Makes a home below `directory` with the base session, the config, the agents' variables and the caches of the real
 * one, and a repository to work on.
 *
 * @throws AppError `base_missing` (exit code 3)
 */
export async function makeCanaryHome(context: Context, directory: string, runId: string): Promise<CanaryHome> {
  await makePrivateDirectory(directory);
  const root = join(await realPath(directory), 'home');
  const home = homeAt(root);
  await makePrivateDirectory(root);
  await copyFiles(context.home, home);
  const env = { ...context.env, KUGETSU_DIR: root, [TASK_VARIABLE]: undefined, [ORIGIN_VARIABLE]: undefined };
  // What is told of it stays in its own inbox, and goes with it.
  const queue = new FileQueue({ home, env, clock: context.clock });
  const own: Context = { ...context, home, env, queue };
  await copyHomeSessions(context, own);
  const origin = join(directory, 'origin.git');
  await makeScratchRepository(origin, env);
  await writeJsonFile(home.reposFile, { [CANARY_REPOSITORY]: origin });
  return { context: own, origin, runId };
}

async function copyFiles(from: Home, to: Home): Promise<void> {
  const envFiles = (await listDirectory(from.agentEnv)).filter((name) => name.endsWith('.env'));
  const catalogues = (await listDirectory(from.modelCatalogues)).filter((name) => name.endsWith('.json'));
  const pairs = [
    [from.config, to.config],
    [from.opencodeProbe, to.opencodeProbe],
    [from.opencodeTried, to.opencodeTried],
    [from.baseExport, to.baseExport],
    [from.pmAgentExport, to.pmAgentExport],
    ...envFiles.map((name) => [join(from.agentEnv, name), join(to.agentEnv, basename(name))]),
    ...catalogues.map((name) => [join(from.modelCatalogues, name), join(to.modelCatalogues, name)]),
  ];
  for (const [source = '', target = ''] of pairs) {
    await copyIfExists(source, target);
  }
}

async function copyHomeSessions(from: Context, to: Context): Promise<void> {
  const base = await readBase(from);
  if (base === undefined) {
    throw new AppError('base_missing', 'there is no base session', { hint: 'run: kugetsu init', exit: EXIT.notReady });
  }
  const pmAgent = (await readPmAgent(from)) ?? { ...base, type: 'pm_agent' as const };
  await changeSessions(to, async (changes) => {
    await changes.putHomeSession(base);
    await changes.putHomeSession(pmAgent);
  });
}

/**
 * Ends the canary's agent and removes its sessions and worktree, and the sessions of earlier canaries that were killed.
 *
 * @returns what is wrong afterwards; undefined when nothing is left
 */
export async function cleanUpCanary(real: Context, canary: CanaryHome | undefined): Promise<string | undefined> {
  if (canary !== undefined) await destroy(canary.context);
  const left = await sessionsOf(real);
  for (const { id } of left) await real.opencode.deleteSession(id);
  return (await sessionsOf(real)).length === 0 ? undefined : 'opencode still has a session of the canary';
}

async function destroy(context: Context): Promise<void> {
  const session = await readIssueSession(context, formatIssueRef(CANARY_REF));
  if (session === undefined) return;
  // It may have ended by itself in between.
  if (isLive(context.home, session.run)) await stopRun(context, formatIssueRef(CANARY_REF)).catch(() => undefined);
  await destroyIssue(context, CANARY_REF, async () => undefined);
}

/** Sessions of this home's canaries that are over: those of one that runs elsewhere have their directory. */
async function sessionsOf({ home, opencode }: Context): Promise<{ readonly id: string }[]> {
  const title = issueTitle(formatIssueRef(CANARY_REF));
  const runs = `${await realPath(home.runs)}/`;
  const found = (await opencode.sessionsTitled(title)).filter((session) => session.title === title);
  const own = found.filter(({ directory }) => directory.startsWith(runs));
  const there = await Promise.all(own.map(async ({ directory }) => pathExists(directory)));
  return own.filter((_, index) => there[index] !== true);
}
