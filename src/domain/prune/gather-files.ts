import { dirname, join } from 'node:path';
import { listBranches } from '../../adapters/git/branches.ts';
import { ownDirectory } from '../../adapters/git/own-directory.ts';
import { listWorktreeEntries } from '../../adapters/git/worktree-entries.ts';
import { leftFiles } from '../../adapters/opencode/server/left-servers.ts';
import { runIdsInUse } from '../../adapters/process/process-table.ts';
import { entryAt, listEntries, type Entry } from '../../adapters/store/entries.ts';
import { isLocked } from '../../adapters/store/lock.ts';
import { isTemporary, repositoryOfClone } from '../../adapters/store/temporary-name.ts';
import { wordsOf } from '../../util/errors.ts';
import type { Text } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { realPathInside } from '../home.ts';
import { BRANCH_MIDDLE } from '../issues/issue-ref.ts';
import { branchPrefixes } from '../servers/repository-settings.ts';
import { isDeadOwner } from '../runs/orphans.ts';
import { isRunId } from '../runs/run-id.ts';
import { repositoryLock } from '../worktrees/repository.ts';
import type { HalfClone, PruneFacts, RepositoryFacts, RunDirectory } from './prune-facts.ts';

type Needs = Pick<Context, 'home' | 'env' | 'tempDirectory'>;
type FileFacts = Pick<
  PruneFacts,
  'worktrees' | 'repositories' | 'allRepositoriesRead' | 'clones' | 'runs' | 'temporary' | 'servers'
>;

/** The contents of the home. A repository that cannot be read is reported as a problem and hides nothing else. */
export async function gatherFiles(context: Needs, problems: Text[]): Promise<FileFacts> {
  const { home } = context;
  const worktrees = await realPathInside(home, home.worktrees);
  const repos = await listEntries(home.repos);
  const places = new Set([worktrees, home.worktrees]);
  const repositories: RepositoryFacts[] = [];
  const own = repos.filter(({ name, type }) => type === 'directory' && /^[^.].*\.git$/.test(name));
  for (const { path } of own) {
    const facts = await gatherRepository(context, path, places).catch((error: unknown) => {
      problems.push(wordsOf(error));
    });
    if (facts !== undefined) repositories.push(facts);
  }
  return {
    worktrees: await listEntries(worktrees),
    repositories,
    allRepositoriesRead: repositories.length === own.length,
    clones: await gatherClones(repos),
    runs: await gatherRuns(context),
    temporary: await gatherTemporary(context, repositories),
    servers: (await Promise.all((await leftFiles(home)).map(entryAt))).filter((entry) => entry !== undefined),
  };
}

async function gatherRepository(
  { home, env }: Needs,
  path: string,
  places: ReadonlySet<string>,
): Promise<RepositoryFacts | undefined> {
  const kept = (await listWorktreeEntries(path)).map((entry) => ({
    ...entry,
    name: places.has(dirname(entry.path)) ? entry.path.slice(dirname(entry.path).length + 1) : undefined,
  }));
  const patterns = (await branchPrefixes({ home })).map((prefix) => `${prefix}${BRANCH_MIDDLE}*`);
  return { path, kept, branches: await listBranches(path, patterns, env) };
}

async function gatherClones(repos: readonly Entry[]): Promise<HalfClone[]> {
  const clones = repos.flatMap((entry) => {
    const name = entry.type === 'directory' ? repositoryOfClone(entry.name) : undefined;
    return name === undefined ? [] : [{ entry, repository: join(dirname(entry.path), name) }];
  });
  return Promise.all(
    clones.map(async (clone) => ({ ...clone, busy: await isLocked(repositoryLock(clone.repository)) })),
  );
}

/** The directories of runs, and those that they have in the temporary directory. */
async function gatherRuns(context: Needs): Promise<RunDirectory[]> {
  const { home } = context;
  const temporary = await context.tempDirectory();
  const inUse = runIdsInUse();
  const directories = (await listEntries(home.runs)).filter(({ name, type }) => type === 'directory' && isRunId(name));
  const found: RunDirectory[] = [];
  for (const entry of directories) {
    const run = entry.name;
    const alive = inUse.has(run) || !(await isDeadOwner(context, run));
    const beside = await entryAt(join(temporary, run));
    // This one leads to the other one, so it goes last.
    const entries = beside?.type === 'directory' ? [beside, entry] : [entry];
    found.push(...entries.map((each) => ({ run, entry: each, alive })));
  }
  return found;
}

async function gatherTemporary({ home }: Needs, repositories: readonly RepositoryFacts[]): Promise<Entry[]> {
  const directories = [
    home.root,
    home.sessions,
    home.runs,
    home.logs,
    home.queueItems,
    dirname(home.queueItems),
    dirname(home.baseExport),
    home.modelCatalogues,
    home.servers,
    home.bin,
    home.agentEnv,
    home.postedNotifications,
    home.notificationsOut,
    home.queueOutbox,
    ...repositories.flatMap(({ path }) => [path, ownDirectory(path)]),
  ];
  const queue = new Set([home.queueItems, dirname(home.queueItems)]);
  // Whoever reads the tasks says that the queue cannot be read.
  const entries = await Promise.all(
    directories.map(async (path) => (queue.has(path) ? listEntries(path).catch(() => []) : listEntries(path))),
  );
  return entries.flat().filter(({ name }) => isTemporary(name));
}
