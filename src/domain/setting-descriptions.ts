import { DEFAULT_TYPES, type SettingKey } from './settings-schema.ts';

/** What a setting is for, and its default as the text that a config file would have. */
interface SettingDescription {
  readonly key: SettingKey;
  readonly fallback: string;
  readonly summary: string;
}

/** Every setting in the order in which a person meets them. */
export const SETTING_DESCRIPTIONS: readonly SettingDescription[] = [
  { key: 'MAX_CONCURRENT_AGENTS', fallback: '3', summary: 'Maximum number of development agents at work at once' },
  {
    key: 'MAX_AGENTS_PER_REPO',
    fallback: '0',
    summary: 'Maximum number of development agents at work in one repository; 0 for no limit',
  },
  {
    key: 'MAX_PM_AGENTS',
    fallback: 'auto',
    summary: 'Maximum number of PM agents at work; auto: fewer than there are free slots',
  },
  {
    key: 'KUGETSU_TEMP_DIR',
    fallback: '~/.local/share/opencode/tool-output',
    summary: 'Directory for temporary files of agents, outside the worktrees',
  },
  {
    key: 'KUGETSU_VERBOSITY',
    fallback: 'default',
    summary: 'How much the PM agent reports: verbose, default or quiet',
  },
  {
    key: 'QUEUE_DAEMON_INTERVAL_MINUTES',
    fallback: '5',
    summary: 'How often the daemon checks the queue without being woken',
  },
  { key: 'QUEUE_CLEANUP_AGE_DAYS', fallback: '7', summary: 'Age at which finished queue items are removed' },
  {
    key: 'QUEUE_RETRY_BASE_SECONDS',
    fallback: '10',
    summary: 'Wait before the second attempt at a task; doubled for the third',
  },
  {
    key: 'AGENT_STARTUP_TIMEOUT_SECONDS',
    fallback: '180',
    summary: 'Longest wait for the first event of an agent; 0 for no limit',
  },
  {
    key: 'AGENT_STALL_TIMEOUT_MINUTES',
    fallback: '30',
    summary: 'Longest time an agent may go without an event or activity; 0 for no limit',
  },
  { key: 'AGENT_TIMEOUT_MINUTES', fallback: '240', summary: 'Longest run of an agent; 0 for no limit' },
  {
    key: 'SETUP_TIMEOUT_MINUTES',
    fallback: '15',
    summary: 'Longest set-up of a worktree; 0 for no limit',
  },
  {
    key: 'RUN_LOG_MAX_MB',
    fallback: '100',
    summary: 'Largest log of a run in megabytes; later output is judged but not logged; 0 for no limit',
  },
  {
    key: 'DOCTOR_MIN_FREE_DISK_MB',
    fallback: '2048',
    summary: 'Free disk space in megabytes below which doctor warns; below a quarter of it is an error',
  },
  {
    key: 'AGENT_PREAMBLE',
    fallback: 'on',
    summary: 'Whether the message of a run begins with where the agent stands and when it is done: on or off',
  },
  {
    key: 'AGENT_PROJECT_CONFIG',
    fallback: 'off',
    summary: "Whether agents load the repository's own opencode.json, plugins and MCP servers: on or off",
  },
  { key: 'AGENT_NAME', fallback: 'build', summary: "Which of opencode's agents works; it must not be a subagent" },
  {
    key: 'AGENT_ENGINE',
    fallback: 'auto',
    summary:
      'Where agents of opencode 1 work: process (its own), server (shared) or auto (shared where a trial has passed)',
  },
  {
    key: 'AGENT_SERVER_IDLE_SECONDS',
    fallback: '120',
    summary: 'How long a shared server stays when no agent works in it',
  },
  {
    key: 'MODEL_CATALOGUE',
    fallback: 'trimmed',
    summary: 'Which models opencode knows: trimmed to the providers that a run may use, or whole',
  },
  {
    key: 'PM_MAX_DEPTH',
    fallback: '3',
    summary: 'Longest chain of PM tasks in which each one delegates the next',
  },
  { key: 'PM_MAX_CHILDREN', fallback: '20', summary: 'Maximum number of agents and tasks that one PM task may start' },
  {
    key: 'AGENT_GIT_NAME',
    fallback: 'auto',
    summary: 'The name under which agents commit; auto: user.name of git',
  },
  {
    key: 'AGENT_GIT_EMAIL',
    fallback: 'auto',
    summary: 'The address under which agents commit; auto: user.email of git',
  },
  {
    key: 'DONE_WHEN',
    fallback: 'replied',
    summary: 'When an agent is done: replied, committed (all of its work) or pushed',
  },
  { key: 'CHECK_TIMEOUT_MINUTES', fallback: '15', summary: "Longest run of a repository's check; 0 for no limit" },
  {
    key: 'CHECK_ROUNDS',
    fallback: '2',
    summary: "How often an agent is told that its repository's check has failed, before the run fails",
  },
  {
    key: 'AGENT_MAX_TOKENS',
    fallback: '0',
    summary: 'Tokens that one run may use before it is ended; 0 for no limit',
  },
  {
    key: 'AGENT_MAX_COST',
    fallback: '0',
    summary: 'What one run may cost, in dollars, before it is ended; 0 for no limit',
  },
  {
    key: 'DAY_MAX_TOKENS',
    fallback: '0',
    summary: 'Tokens on one day after which no more tasks are handed out until the next; 0 for no limit',
  },
  {
    key: 'DAY_MAX_COST',
    fallback: '0',
    summary: 'Cost of one day in dollars after which no more tasks are handed out until the next; 0 for no limit',
  },
  {
    key: 'MIN_FREE_MEMORY_MB',
    fallback: '1024',
    summary: 'Free memory in megabytes below which the daemon and start --queue begin no agent; 0 for no limit',
  },
  {
    key: 'FLEET_LEASE_SECONDS',
    fallback: '180',
    summary:
      'In a fleet: after how many seconds without a word of it a PM run counts as lost, and another host takes its task',
  },
  {
    key: 'FLEET_MAX_AGENTS',
    fallback: '0',
    summary: 'In a fleet: how many development tasks may have an agent at once, on all hosts together; 0 for no limit',
  },
  {
    key: 'FLEET_MOVE_AFTER_MINUTES',
    fallback: '60',
    summary:
      'In a fleet: after how many minutes without a word of it a host counts as gone, and its issues go on elsewhere; 0 for never',
  },
  {
    key: 'BREAKER_FAILURES',
    fallback: '3',
    summary: 'Tasks in a row that end with the same outage before the queue takes a break; 0 for never',
  },
  {
    key: 'BREAKER_MINUTES',
    fallback: '10',
    summary: 'How long the first break is; each one after it is twice as long, up to two hours',
  },
  { key: 'STATS_KEEP_DAYS', fallback: '90', summary: 'How long kugetsu stats knows of runs, in days' },
  {
    key: 'NOTIFY_COMMAND',
    fallback: 'off',
    summary: 'A program with its arguments that is run with each notification; off for none',
  },
  {
    key: 'NOTIFY_WEBHOOK_URL',
    fallback: 'off',
    summary:
      'Where each notification is posted: a webhook of your own, of Slack, Discord, ntfy or Telegram; off for none',
  },
  { key: 'NOTIFY_DESKTOP', fallback: 'off', summary: 'Whether notifications appear on the desktop: on or off' },
  {
    key: 'NOTIFY_TYPES',
    fallback: DEFAULT_TYPES,
    summary: 'Which notifications go out in these ways: their types with commas between; others, all',
  },
];
