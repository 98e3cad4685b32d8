import { basename, join } from 'node:path';
import { pathExists, realPath, modifiedAt } from '../../adapters/store/paths.ts';
import { readJsonFile, type FileForm } from '../../adapters/store/json-file.ts';
import { isLooseObject, textOf, type LooseObject } from '../../util/loose-object.ts';
import { unlessDamaged } from '../../util/errors.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Home } from '../home.ts';
import { branchOf, parseIssueRef } from '../issues/issue-ref.ts';
import { HomeSessionSchema, IndexSchema, type HomeSession, type Index } from './home-session-schema.ts';
import type { IssueSession, IssueSessionSchema } from './session-schema.ts';

// The bash script that kugetsu was before wrote the same files with fewer keys. What they lack is filled in when they are
// read, and written when they are next written.

/** The files of the sessions that belong to no issue, under `sessions/`. */
export const HOME_SESSION_FILES = { base: 'base.json', pm_agent: 'pm-agent.json' } as const;

/** The file of a session that belongs to no issue. */
export function homeSessionPath(home: Home, type: HomeSession['type']): string {
  return join(home.sessions, HOME_SESSION_FILES[type]);
}

/** Reads `index.json`; undefined when there is none. @throws AppError `corrupt_file` */
export async function readIndexFile(home: Home): Promise<Index | undefined> {
  return readJsonFile(home.index, { schema: IndexSchema, what: 'the index', complete: completeIndex });
}

/** Reads the file of the base session or the PM agent's; undefined when there is none. @throws AppError `corrupt_file` */
export async function readHomeSessionFile(home: Home, type: HomeSession['type']): Promise<HomeSession | undefined> {
  const path = homeSessionPath(home, type);
  const complete: FileForm<typeof HomeSessionSchema>['complete'] = async (value) =>
    isLooseObject(value) ? completeHomeSession(value, { home, type }) : value;
  return readJsonFile(path, { schema: HomeSessionSchema, what: 'session file', complete });
}

/**
 * Reads an issue's session file, by its name under `sessions/`, with its last run as that is recorded; undefined when there is
 * none. What the bash script did not write is taken from the name, the worktree, and from `ref`, under which the index has the file.
 *
 * @throws AppError `corrupt_file`
 */
export async function readIssueFile(home: Home, file: string, ref?: string): Promise<IssueSession | undefined> {
  const path = join(home.sessions, file);
  const complete: FileForm<typeof IssueSessionSchema>['complete'] = async (value) =>
    isLooseObject(value) && !isToday(value) ? completeIssue(value, { home, path, ref }) : value;
  const session = await readJsonFile(path, { schema: schemaOfIssue, what: 'session file', complete });
  return session === undefined ? undefined : withRun(home, session);
}

async function schemaOfIssue(): Promise<typeof IssueSessionSchema> {
  return (await import('./session-schema.ts')).IssueSessionSchema;
}

/**
 * The session with its last run as the run's own record has it. What 0.1.0 began has none, and a damaged one says nothing: then
 * the copy in the file counts.
 */
async function withRun(home: Home, session: IssueSession): Promise<IssueSession> {
  const { run } = session;
  // A verdict stands for good.
  if (run === null || run.verdict !== null) return withState(session);
  const { readRunRecord } = await import('../runs/run-files.ts');
  const { runOf } = await import('../runs/run-record.ts');
  const record = await readRunRecord({ home }, run.id).catch(unlessDamaged);
  return withState(record === undefined ? session : { ...session, run: runOf(record) });
}

/** The session with the state that follows from its last run: it is kept for those who read the files. */
export function withState(session: IssueSession): IssueSession {
  const { run } = session;
  return { ...session, state: run === null || run.phase === 'ended' ? 'idle' : run.phase };
}

function completeIndex(value: unknown): unknown {
  if (!isLooseObject(value) || (value['base'] === undefined && value['issues'] === undefined)) return value;
  const { base = null, pm_agent = null, issues = {} } = value;
  const isComplete = Object.entries({ base, pm_agent, issues }).every(
    ([key, each]) => each === value[key] && each !== '',
  );
  if (isComplete) return value;
  return { ...value, base: base === '' ? null : base, pm_agent: pm_agent === '' ? null : pm_agent, issues };
}

interface HomeSessionPlace {
  readonly home: Home;
  readonly type: HomeSession['type'];
}

async function completeHomeSession(value: LooseObject, { home, type }: HomeSessionPlace): Promise<LooseObject> {
  const { directory = null, state = 'idle', opencode_session_id } = value;
  // A file that says what it is may leave it to the index to say which session.
  const known = opencode_session_id === undefined && value['type'] === type;
  const id = known ? (await readIndexFile(home))?.[type] : opencode_session_id;
  return {
    type,
    ...value,
    ...(id === undefined || id === null ? {} : { opencode_session_id: id }),
    worktree_path: null,
    created_at: await createdAt(value, homeSessionPath(home, type)),
    state,
    directory: directory === '' ? null : directory,
  };
}

/** Whether everything is there that is filled in. */
function isToday(value: LooseObject): boolean {
  return ['type', 'issue_ref', 'worktree_path', 'created_at', 'branch', 'repository', 'start_commit', 'run'].every(
    (key) => value[key] !== undefined,
  );
}

interface IssueFile {
  readonly home: Home;
  readonly path: string;
  readonly ref: string | undefined;
}

async function completeIssue(value: LooseObject, { home, path, ref }: IssueFile): Promise<LooseObject> {
  const { repository = null, start_commit = null, previous_session_ids = [], run = null } = value;
  const issue_ref = value['issue_ref'] ?? ref;
  const worktree = await worktreeOf(value, home, basename(path, '.json'));
  const branch = value['branch'] ?? (await branchIn(worktree)) ?? usualBranch(issue_ref);
  return {
    type: 'forked',
    ...value,
    issue_ref,
    worktree_path: worktree,
    created_at: await createdAt(value, path),
    state: run === null ? 'idle' : value['state'],
    branch,
    repository,
    start_commit,
    previous_session_ids,
    run,
  };
}

/** Where the file says that the worktree is, unless nothing is there and something is where worktrees are. */
async function worktreeOf(value: LooseObject, home: Home, name: string): Promise<unknown> {
  const { worktree_path: given } = value;
  if (typeof given !== 'string' && given !== undefined && given !== null) return given;
  const stated = textOf(given) ?? null;
  if (stated !== null && (await pathExists(stated))) return stated;
  const usual = join(await realPath(home.worktrees).catch(() => home.worktrees), name);
  return (await pathExists(usual)) ? usual : stated;
}

async function branchIn(worktree: unknown): Promise<string | undefined> {
  if (typeof worktree !== 'string') return undefined;
  // Only what the bash script wrote does not say.
  const { checkedOutBranch } = await import('../../adapters/git/plain-facts.ts');
  return checkedOutBranch(worktree);
}

function usualBranch(ref: unknown): string | undefined {
  try {
    return typeof ref === 'string' ? branchOf(parseIssueRef(ref)) : undefined;
  } catch {
    return undefined;
  }
}

async function createdAt({ created_at: given }: LooseObject, path: string): Promise<unknown> {
  // `date +%s`
  if (typeof given === 'number') return isoWithOffset(given * 1000);
  if (given !== undefined && given !== null && given !== '') return given;
  return isoWithOffset((await modifiedAt(path)) ?? 0);
}
