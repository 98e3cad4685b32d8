/**
 * What an error means for a task that waits for an attempt:
 *
 * - `busy`: somebody else is using it; the task waits for its turn, without a message.
 * - `not_ready`: kugetsu or the machine lacks something that a person has to see to. The task goes back, as if it had not
 *   been tried, and is told once.
 * - `passing`: it may be gone by itself (a network, a busy database); the attempt counts, and there is another.
 * - `final`: trying again cannot help.
 */
export type ErrorKind = 'busy' | 'not_ready' | 'passing' | 'final';

/** Each code that an error of kugetsu's can have, with its kind. Errors are made in every layer, so all of them know it. */
export const ERROR_KINDS = {
  busy: 'busy',
  elsewhere: 'busy',
  lock_lost: 'busy',
  locked: 'busy',
  low_memory: 'busy',
  no_slot: 'busy',
  other_host: 'busy',
  overtaken: 'busy',

  bad_config: 'not_ready',
  bad_env_file: 'not_ready',
  bad_repository_setting: 'not_ready',
  bad_setting: 'not_ready',
  base_missing: 'not_ready',
  base_session_missing: 'not_ready',
  cannot_start: 'not_ready',
  corrupt_file: 'not_ready',
  git_missing: 'not_ready',
  git_too_old: 'not_ready',
  lfs_missing: 'not_ready',
  not_initialised: 'not_ready',
  not_text: 'not_ready',
  opencode_missing: 'not_ready',
  opencode_too_old: 'not_ready',
  opencode_unexpected: 'not_ready',
  opencode_unsupported: 'not_ready',
  other_opencode: 'not_ready',
  other_sessions: 'not_ready',
  pm_agent_missing: 'not_ready',
  queue_refused: 'not_ready',
  queue_too_new: 'not_ready',
  queue_unreachable: 'not_ready',
  retired_setting: 'not_ready',
  unknown_setting: 'not_ready',

  fork_not_proved: 'passing',
  git_failed: 'passing',
  lfs_failed: 'passing',
  lfs_unreachable: 'passing',
  opencode_failed: 'passing',
  opencode_hangs: 'passing',
  opencode_unreachable: 'passing',
  out_of_memory: 'passing',
  repository_failed: 'passing',
  repository_locked: 'passing',
  repository_unreachable: 'passing',
  // What it fetches may be there the next time.
  setup_failed: 'passing',

  already_initialised: 'final',
  bad_clone_url: 'final',
  bad_session_id: 'final',
  base_branch_missing: 'final',
  base_branch_unknown: 'final',
  branch_taken: 'final',
  canary_failed: 'final',
  cannot_listen: 'final',
  check_failed: 'final',
  daemon_failed: 'final',
  daemon_running: 'final',
  host_key_unknown: 'final',
  host_taken: 'final',
  in_fleet: 'final',
  in_the_way: 'final',
  interrupted: 'final',
  is_directory: 'final',
  lfs_no_access: 'final',
  has_ended: 'final',
  lfs_object_missing: 'final',
  line_too_long: 'final',
  no_crontab: 'final',
  no_directory: 'final',
  no_fleet: 'final',
  no_fleet_base: 'final',
  no_host: 'final',
  no_log: 'final',
  no_run: 'final',
  no_server: 'final',
  no_service_manager: 'final',
  no_session: 'final',
  no_sink: 'final',
  no_such_pull_request: 'final',
  no_such_ref: 'final',
  no_task: 'final',
  no_terminal: 'final',
  no_variable: 'final',
  no_verdict: 'final',
  not_a_file: 'final',
  not_agreed: 'final',
  not_done: 'final',
  not_ended: 'final',
  not_in_home: 'final',
  not_moved: 'final',
  not_ours: 'final',
  not_removed: 'final',
  not_rescued: 'final',
  not_retried: 'final',
  not_running: 'final',
  over_budget: 'final',
  own_run: 'final',
  people_only: 'final',
  port_taken: 'final',
  project_plugins: 'final',
  repository_empty: 'final',
  repository_in_the_way: 'final',
  repository_no_access: 'final',
  repository_not_found: 'final',
  repository_not_owned: 'final',
  repository_not_written: 'final',
  run_over: 'final',
  server_exists: 'final',
  service_failed: 'final',
  session_elsewhere: 'final',
  session_missing: 'final',
  session_too_large: 'final',
  too_deep: 'final',
  usage: 'final',
  worktree_damaged: 'final',
  worktree_exists: 'final',
  worktree_missing: 'final',
} as const satisfies Readonly<Record<string, ErrorKind>>;

/** The code of an error that kugetsu foresees. */
export type ErrorCode = keyof typeof ERROR_KINDS;

const KINDS: ReadonlyMap<string, ErrorKind> = new Map(Object.entries(ERROR_KINDS));

/** The kind of an error by its code, or of a run's end by its class; what is not in the registry is `final`. */
export function kindOf(code: string): ErrorKind {
  return KINDS.get(code) ?? 'final';
}
