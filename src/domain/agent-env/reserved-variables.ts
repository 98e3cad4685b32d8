// When kugetsu is called from a git hook these name that repository; an agent's git must find its own worktree.
const REDIRECTIONS = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_QUARANTINE_PATH',
  'GIT_REFERENCE_BACKEND',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_GRAFT_FILE',
  'GIT_ATTR_SOURCE',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
];

// The run's own directories, and what decides where opencode finds its session: kugetsu asks it about the same ones.
const PLACES = new Set(['HOME', 'PWD', 'TMPDIR', 'XDG_DATA_HOME', 'OPENCODE_DB']);

/** Takes git's redirections out of an environment. */
export const NO_REDIRECTIONS: Readonly<Record<string, undefined>> = Object.fromEntries(
  REDIRECTIONS.map((name) => [name, undefined]),
);

/** Whether a variable is kugetsu's to set, so that a value in an env file would break a run, or send it elsewhere. */
export function isReservedVariable(key: string): boolean {
  return key.startsWith('KUGETSU_') || REDIRECTIONS.includes(key) || PLACES.has(key);
}

/** Signs what is posted to a webhook: in the file of the variables for all agents, for kugetsu alone; agents do not get it. */
export const WEBHOOK_SECRET = 'NOTIFY_WEBHOOK_SECRET';

/** The URL of a fleet's queue, for containers: who can write that queue can run agents on every host. */
export const QUEUE_URL = 'KUGETSU_QUEUE_URL';
