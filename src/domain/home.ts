import { join } from 'node:path';
import { realPath } from '../adapters/store/paths.ts';

/** The size in bytes at which the daemon's log is rotated; one older file is kept. */
export const MAX_LOG_BYTES = 1024 * 1024;

/** The layout of one kugetsu home; all paths are absolute. */
export interface Home {
  readonly root: string;
  readonly config: string;
  /** The directory of the files with the agents' variables. */
  readonly agentEnv: string;
  readonly index: string;
  readonly sessions: string;
  readonly sessionsLock: string;
  readonly worktrees: string;
  readonly repos: string;
  readonly reposFile: string;
  readonly serversFile: string;
  readonly queueItems: string;
  readonly queueLock: string;
  /** Says that the queue is paused, while it is. */
  readonly queuePaused: string;
  /** What is known of failures that many tasks share, while there are any. */
  readonly queueBreaker: string;
  /** Says that the queue is a fleet's, and where that is. */
  readonly fleet: string;
  /** Tasks that are to go into the queue of a fleet which cannot be reached. */
  readonly queueOutbox: string;
  /** Says that the budget of a day is used up. */
  readonly queueBudget: string;
  /** What agents have cost on this day, and the lock under which that is counted. */
  readonly spending: string;
  readonly spendingLock: string;
  readonly daemonPid: string;
  readonly daemonLock: string;
  readonly daemonLog: string;
  /** The environment of the daemon's service beyond its definition. */
  readonly serviceEnvironment: string;
  readonly notifications: string;
  /** Notifications that are not in the inbox yet, one per file. */
  readonly postedNotifications: string;
  /** Notifications that are to go out by webhook and the like, one file for each and each way. */
  readonly notificationsOut: string;
  /** Holds a `kugetsu` that agents find on their PATH. */
  readonly bin: string;
  readonly logs: string;
  readonly runs: string;
  /** What runs have come to whose records are gone, one file per month. */
  readonly stats: string;
  /** Heartbeats of run owners and daemons, for processes in other containers and on other machines. */
  readonly heartbeats: string;
  readonly rescued: string;
  readonly pmAgentDirectory: string;
  /** What development agents are told of their worktree. */
  readonly agentNotes: string;
  /** How the file begins in which a person edits the message of a task. */
  readonly editedMessage: string;
  readonly baseExport: string;
  readonly pmAgentExport: string;
  readonly opencodeProbe: string;
  /** Which opencodes have passed their trial. */
  readonly opencodeTried: string;
  /** What is written down of the servers that agents share, and what these need. */
  readonly servers: string;
  /** Catalogues of models for opencode, trimmed to what a run may use. */
  readonly modelCatalogues: string;
  /** Which tasks were seen to be finished. */
  readonly finishedTasks: string;
  /** How the directory of the tasks was at the last look; a hint, too. */
  readonly lastLook: string;
  /** Which of the sessions opencode was last seen to have. */
  readonly knownSessions: string;
  /** The token of the web page, when it is to outlive a restart. */
  readonly webToken: string;
}

/** The layout of a home at `root`. */
export function homeAt(root: string): Home {
  return {
    root,
    config: join(root, 'config'),
    agentEnv: join(root, 'env'),
    index: join(root, 'index.json'),
    sessions: join(root, 'sessions'),
    sessionsLock: join(root, 'sessions.lock'),
    worktrees: join(root, 'worktrees'),
    repos: join(root, 'repos'),
    reposFile: join(root, 'repos.json'),
    serversFile: join(root, 'servers.json'),
    queueItems: join(root, 'queue', 'items'),
    queueLock: join(root, 'queue', 'items.lock'),
    queuePaused: join(root, 'queue', 'paused.json'),
    queueBreaker: join(root, 'queue', 'breaker.json'),
    fleet: join(root, 'queue', 'fleet.json'),
    queueOutbox: join(root, 'queue', 'outbox'),
    queueBudget: join(root, 'queue', 'budget.json'),
    spending: join(root, 'spending.json'),
    spendingLock: join(root, 'spending.lock'),
    daemonPid: join(root, 'queue', 'daemon.pid'),
    daemonLock: join(root, 'queue', 'daemon.lock'),
    daemonLog: join(root, 'queue', 'daemon.log'),
    serviceEnvironment: join(root, 'queue', 'daemon.environment.json'),
    notifications: join(root, 'notifications.json'),
    postedNotifications: join(root, 'notifications.new'),
    notificationsOut: join(root, 'notifications.out'),
    bin: join(root, 'bin'),
    logs: join(root, 'logs'),
    runs: join(root, 'runs'),
    stats: join(root, 'stats'),
    heartbeats: join(root, 'heartbeats'),
    rescued: join(root, 'rescued'),
    pmAgentDirectory: join(root, 'pm-agent'),
    agentNotes: join(root, 'cache', 'agent-notes.md'),
    editedMessage: join(root, 'cache', 'message'),
    baseExport: join(root, 'cache', 'base-export.json'),
    pmAgentExport: join(root, 'cache', 'pm-agent-export.json'),
    opencodeProbe: join(root, 'cache', 'opencode.json'),
    opencodeTried: join(root, 'opencode-tried.json'),
    servers: join(root, 'engine'),
    modelCatalogues: join(root, 'cache', 'models'),
    finishedTasks: join(root, 'cache', 'finished-tasks'),
    lastLook: join(root, 'cache', 'last-look'),
    knownSessions: join(root, 'cache', 'known-sessions.json'),
    webToken: join(root, 'web-token'),
  };
}

/** The real path of a directory of the home, which may lie elsewhere, or be missing. */
export async function realPathInside({ root }: Pick<Home, 'root'>, path: string): Promise<string> {
  return realPath(path).catch(async () => join(await realPath(root), path.slice(root.length)));
}
