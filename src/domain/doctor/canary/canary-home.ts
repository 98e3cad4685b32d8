import { basename, join } from 'node:path';
import { makeScratchRepository } from '../../../adapters/git/scratch-repository.ts';
import { realPath } from '../../../adapters/store/paths.ts';
import { listDirectory } from '../../../adapters/store/directory.ts';
import { writeJsonFile } from '../../../adapters/store/json-file.ts';
import { copyIfExists, makePrivateDirectory } from '../../../adapters/store/private-files.ts';
import { AppError } from '../../../util/errors.ts';
import { EXIT } from '../../../util/exit-codes.ts';
import type { Context } from '../../context.ts';
import { homeAt, type Home } from '../../home.ts';
import { parseIssueRef } from '../../issues/issue-ref.ts';
import { ORIGIN_VARIABLE, TASK_VARIABLE } from '../../queue/task-variable.ts';
import { readBase, readPmAgent } from '../../sessions/read-sessions.ts';
import { changeSessions } from '../../sessions/session-store.ts';

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
  const own: Context = { ...context, home, env };
  await copyHomeSessions(context, own);
  const origin = join(directory, 'origin.git');
  await makeScratchRepository(origin, env);
  await writeJsonFile(home.reposFile, { [CANARY_REPOSITORY]: origin });
  return { context: own, origin, runId };
}

async function copyFiles(from: Home, to: Home): Promise<void> {
  const envFiles = (await listDirectory(from.env)).filter((name) => name.endsWith('.env'));
  const catalogues = (await listDirectory(from.modelCatalogues)).filter((name) => name.endsWith('.json'));
  const pairs = [
    [from.config, to.config],
    [from.opencodeProbe, to.opencodeProbe],
    [from.baseExport, to.baseExport],
    [from.pmAgentExport, to.pmAgentExport],
    ...envFiles.map((name) => [join(from.env, name), join(to.env, basename(name))]),
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
