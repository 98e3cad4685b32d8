import * as z from 'zod/mini';

const count = (minimum: number) => {
  const message = `must be a whole number of at least ${minimum}`;
  return z.pipe(
    z.string().check(z.regex(/^\d{1,6}$/, message)),
    z.transform(Number).check(z.refine((value) => value >= minimum, message)),
  );
};

const amount = z.pipe(
  z.string().check(z.regex(/^\d{1,6}(?:\.\d{1,6})?$/, 'must be a number, 0 or more')),
  z.transform(Number),
);

const tokens = z.pipe(
  z.string().check(z.regex(/^\d{1,12}$/, 'must be a whole number of tokens, 0 or more')),
  z.transform(Number),
);

const interval = amount.check(z.refine((value) => value > 0, 'must be a number above 0'));

/** `auto` is undefined: what it then is depends on the moment. */
const autoOr = (number: ReturnType<typeof count>) =>
  z.union(
    [
      z.pipe(
        z.literal('auto'),
        z.transform(() => undefined),
      ),
      number,
    ],
    'must be auto or a whole number of at least 1',
  );

const onOrOff = z.pipe(
  z.enum(['on', 'off'], 'must be on or off'),
  z.transform((value) => value === 'on'),
);

/** Half of a git identity; `auto` is undefined: then git's own configuration says it. */
const identity = z.pipe(
  z.string().check(z.refine(isIdentity, 'must be auto, or a text of one line without < and >')),
  z.transform((text) => (text === 'auto' ? undefined : text)),
);

const agentName = z.string().check(z.regex(/^[^\s-]\S*$/, "must be the name of one of opencode's agents"));

/**
 * Every setting, from the text that the config file or the environment has to its value. Units are in the names; a
 * deadline of 0 is switched off.
 */
export const SettingsSchema = z.strictObject({
  MAX_CONCURRENT_AGENTS: z.prefault(count(1), '3'),
  KUGETSU_TEMP_DIR: z.optional(z.string().check(z.startsWith('/', 'must be an absolute path'))),
  KUGETSU_VERBOSITY: z.prefault(
    z.enum(['verbose', 'default', 'quiet'], 'must be verbose, default or quiet'),
    'default',
  ),
  QUEUE_DAEMON_INTERVAL_MINUTES: z.prefault(interval, '5'),
  QUEUE_CLEANUP_AGE_DAYS: z.prefault(amount, '7'),
  QUEUE_RETRY_BASE_SECONDS: z.prefault(amount, '10'),
  AGENT_STARTUP_TIMEOUT_SECONDS: z.prefault(amount, '180'),
  AGENT_STALL_TIMEOUT_MINUTES: z.prefault(amount, '30'),
  AGENT_TIMEOUT_MINUTES: z.prefault(amount, '240'),
  SETUP_TIMEOUT_MINUTES: z.prefault(amount, '15'),
  RUN_LOG_MAX_MB: z.prefault(amount, '100'),
  DOCTOR_MIN_FREE_DISK_MB: z.prefault(amount, '2048'),
  AGENT_PREAMBLE: z.prefault(onOrOff, 'on'),
  AGENT_PROJECT_CONFIG: z.prefault(onOrOff, 'off'),
  AGENT_NAME: z.prefault(agentName, 'build'),
  MODEL_CATALOGUE: z.prefault(z.enum(['trimmed', 'whole'], 'must be trimmed or whole'), 'trimmed'),
  MAX_AGENTS_PER_REPO: z.prefault(count(0), '0'),
  MAX_PM_AGENTS: z.prefault(autoOr(count(1)), 'auto'),
  PM_MAX_DEPTH: z.prefault(count(1), '3'),
  PM_MAX_CHILDREN: z.prefault(count(1), '20'),
  AGENT_GIT_NAME: z.prefault(identity, 'auto'),
  AGENT_GIT_EMAIL: z.prefault(identity, 'auto'),
  DONE_WHEN: z.prefault(z.enum(['replied', 'committed', 'pushed'], 'must be replied, committed or pushed'), 'replied'),
  CHECK_TIMEOUT_MINUTES: z.prefault(amount, '15'),
  CHECK_ROUNDS: z.prefault(count(0), '2'),
  AGENT_MAX_TOKENS: z.prefault(tokens, '0'),
  AGENT_MAX_COST: z.prefault(amount, '0'),
  DAY_MAX_TOKENS: z.prefault(tokens, '0'),
  DAY_MAX_COST: z.prefault(amount, '0'),
  MIN_FREE_MEMORY_MB: z.prefault(amount, '1024'),
  BREAKER_FAILURES: z.prefault(count(0), '3'),
  BREAKER_MINUTES: z.prefault(interval, '10'),
});

function isIdentity(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return text.trim() !== '' && !/[<>\u0000-\u001F\u007F]/.test(text);
}

/** The settings in force. */
export type Settings = z.infer<typeof SettingsSchema>;

/** The name of a setting. */
export type SettingKey = keyof Settings;

/** What was a setting once and does nothing any more, with why. */
export const RETIRED_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['QUEUE_DAEMON_BATCH_SIZE', 'the daemon takes as many tasks as there are free slots (MAX_CONCURRENT_AGENTS)'],
]);

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
    key: 'BREAKER_FAILURES',
    fallback: '3',
    summary: 'Tasks in a row that end with the same outage before the queue takes a break; 0 for never',
  },
  {
    key: 'BREAKER_MINUTES',
    fallback: '10',
    summary: 'How long the first break is; each one after it is twice as long, up to two hours',
  },
];
