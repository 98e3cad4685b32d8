import { ownUserId } from '../../adapters/process/user.ts';
import { pathFacts, realPath } from '../../adapters/store/paths.ts';
import { makePrivateDirectory, readTextIfExists, replaceFile, setMode } from '../../adapters/store/private-files.ts';
import { AppError } from '../../util/errors.ts';
import { makeEnvFiles } from '../agent-env/change-variables.ts';
import type { Context } from '../queue/context.ts';
import { agentEnvironment } from '../runs/agent-environment.ts';
import { identityProblem } from '../runs/agent-surroundings.ts';
import { initStatus } from '../sessions/init-status.ts';
import { makePmAgent, newHomeSession, succeeding } from '../sessions/home-sessions.ts';
import { readBase, readPmAgent } from '../sessions/read-sessions.ts';
import { requireSameSessions } from '../sessions/same-opencode.ts';
import type { HomeSession } from '../sessions/home-session-schema.ts';
import { changeSessions } from '../sessions/session-store.ts';
import { defaultConfigText } from '../settings/settings.ts';
import { reconcileRuns } from '../work/reconcile-runs.ts';
import { type InitRequest, makeHeadlessBase, makeTerminalBase } from './make-base.ts';

/** The sessions that `init` made or kept. */
interface Initialised {
  readonly base: string;
  readonly pmAgent: string;
}

/**
 * Makes the home, the base session and the PM agent's session. A home whose PM agent alone is missing gets a new one.
 *
 * @throws AppError `already_initialised` without `force`, and the reason when a session cannot be made; then nothing of
 * what was there before has changed
 */
export async function initialise(given: Context, request: InitRequest): Promise<Initialised> {
  const status = await initStatus(given);
  if (status === 'ok' && !request.force) throw alreadyInitialised();
  const isKept = status === 'pm_agent_missing' && !request.force;
  const context = isKept ? given : { ...given, opencode: await given.opencode.anew() };
  await context.opencode.probe();
  if (isKept) await requireSameSessions(context);
  const closed = await closeHome(context);
  if (closed !== undefined) request.report(closed);
  await makeHome(context);
  await reconcileRuns(context, { takeOver: true });
  await tellOfIdentity(context, request);
  const known = isKept ? await readBase(context) : undefined;
  const base = known ?? (await makeBase(context, request));
  const pmAgent = await orDelete(context, known === undefined ? [base] : [], async () => makePmAgent(context, base));
  await putBoth(context, { base, pmAgent, known }, request);
  request.report(`PM agent session ${pmAgent.opencode_session_id}`);
  const why = await context.opencode.warm(request.signal).catch(() => undefined);
  if (why !== undefined) request.report(`note: no agent shares a server yet, and each is a process of its own: ${why}`);
  return {
    base: base.opencode_session_id,
    pmAgent: pmAgent.opencode_session_id,
  };
}

/** Runs `body`; when it fails, the sessions that were made for it go. */
async function orDelete<T>(context: Context, made: readonly HomeSession[], body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    for (const { opencode_session_id: id } of made) await context.opencode.deleteSession(id).catch(() => undefined);
    throw error;
  }
}

async function makeHome(context: Context): Promise<void> {
  const { home } = context;
  for (const directory of [home.root, home.sessions, home.worktrees, home.repos, home.queueItems, home.logs]) {
    await makePrivateDirectory(directory);
  }
  if ((await readTextIfExists(home.config)) === undefined) await replaceFile(home.config, defaultConfigText());
  await makeEnvFiles(context);
}

async function tellOfIdentity(context: Context, { report }: InitRequest): Promise<void> {
  // An unreadable env file is reported where it is needed.
  const env = await agentEnvironment(context, { agent: 'dev-agent' }).catch((error: unknown) => {
    if (error instanceof AppError) return undefined;
    throw error;
  });
  if (env === undefined) return;
  const problem = await identityProblem(await realPath(context.home.root), env);
  if (problem !== undefined) report(`note: ${problem}`);
}

async function makeBase(context: Context, request: InitRequest): Promise<HomeSession> {
  const { mode, model, report } = request;
  const id = mode === 'headless' ? await makeHeadlessBase(context, request) : await makeTerminalBase(context, request);
  report(`base session ${id} in ${context.cwd}`);
  return newHomeSession(context, { type: 'base', id, directory: context.cwd, model: model ?? null });
}

interface NewSessions {
  readonly base: HomeSession;
  readonly pmAgent: HomeSession;
  /** The base that was there, when only the PM agent is new. */
  readonly known: HomeSession | undefined;
}

/** Puts both in place in one change. Another `init` may have been quicker; then its sessions stay. */
async function putBoth(
  context: Context,
  { base, pmAgent, known }: NewSessions,
  { force, report }: InitRequest,
): Promise<void> {
  const replaced = await changeSessions(context, async (changes) => {
    const before = await readBase(context);
    if (!force && before !== undefined && before.opencode_session_id !== known?.opencode_session_id) return 'refused';
    const pmAgentBefore = await readPmAgent(context);
    // If this process dies in between, the PM agent of the old base must not be left with the new one.
    if (known === undefined) await changes.removeHomeSession('pm_agent');
    if (known === undefined) await changes.putHomeSession(succeeding(before, base));
    await changes.putHomeSession(succeeding(pmAgentBefore, pmAgent));
    return known === undefined ? before?.opencode_session_id : undefined;
  });
  if (replaced === 'refused') {
    await context.opencode.deleteSession(pmAgent.opencode_session_id);
    if (known === undefined) await context.opencode.deleteSession(base.opencode_session_id);
    throw alreadyInitialised();
  }
  if (replaced !== undefined)
    report(`the previous base session, ${replaced}, is no longer used; opencode still has it`);
}

function alreadyInitialised(): AppError {
  return new AppError('already_initialised', 'kugetsu is already initialised', {
    hint: 'to make a new base session and a new PM agent, run: kugetsu init --force',
  });
}

const OPEN_TO_OTHERS = 0o077;
/** Set for a directory that many users share, such as /tmp. */
const SHARED = 0o1000;

/**
 * Makes a home that was there before private, so that nobody else reads tokens, logs or what agents wrote. A directory that
 * is somebody else's, the user's whole home, or one that many users share is left as it is.
 *
 * @returns what was done, or what is to be done, in a line; undefined when the home is private already, or not there yet
 */
export async function closeHome({ home, env }: Pick<Context, 'home' | 'env'>): Promise<string | undefined> {
  const path = await realPath(home.root).catch(() => home.root);
  const facts = await pathFacts(path);
  if (facts?.type !== 'directory' || (facts.mode & OPEN_TO_OTHERS) === 0) return undefined;
  const mode = facts.mode.toString(8).padStart(4, '0');
  const own = ownUserId();
  const userHome = await realPath(env['HOME'] ?? '').catch(() => undefined);
  if ((facts.mode & SHARED) !== 0 || path === userHome || (own !== undefined && facts.uid !== own)) {
    return `note: other users can read ${home.root} (mode ${mode}), and other programs use it: set KUGETSU_DIR to another directory`;
  }
  await setMode(path, 0o700);
  return `made ${home.root} private (mode 0700; it was ${mode})`;
}
