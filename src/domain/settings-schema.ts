import * as z from 'zod/mini';
import { commandWords, CommandWordsError } from '../util/command-words.ts';

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

/** `off` is undefined. */
const offOr = (text: ReturnType<typeof z.string>) =>
  z.pipe(
    text,
    z.transform((value) => (value === 'off' ? undefined : value)),
  );

const commandLine = offOr(
  z.string().check(
    z.refine((text) => faultOfCommand(text) === undefined, {
      error: ({ input }) =>
        `must be off, or a program with its arguments: it ${typeof input === 'string' ? faultOfCommand(input) : ''}`,
    }),
  ),
);

// What comes before the + is the form of the body; see notifications/webhook-form.ts.
const webhookUrl = offOr(
  z
    .string()
    .check(
      z.refine(
        (text) =>
          text === 'off' || (/^(?:[a-z]+\+)?https?:\/\//.test(text) && URL.canParse(text.replace(/^[a-z]+\+/, ''))),
        'must be off, or the http or https URL of a webhook',
      ),
    ),
);

const types = z.pipe(
  z
    .string()
    .check(
      z.regex(/^[a-z][a-z_]{0,39}(?: *, *[a-z][a-z_]{0,39})*$/, 'must be types of notifications with commas between'),
    ),
  z.transform((text) => text.split(',').map((type) => type.trim())),
);

const agentName = z.string().check(z.regex(/^[^\s-]\S*$/, "must be the name of one of opencode's agents"));

// How tasks end, what waits for a person, and what somebody sends with notify send.
export const DEFAULT_TYPES = 'task_completed,task_error,task_waiting,work_saved,work_unpushed,others';

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
  AGENT_ENGINE: z.prefault(z.enum(['auto', 'process', 'server'], 'must be auto, process or server'), 'auto'),
  AGENT_SERVER_IDLE_SECONDS: z.prefault(amount, '120'),
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
  FLEET_LEASE_SECONDS: z.prefault(count(10), '180'),
  FLEET_MAX_AGENTS: z.prefault(count(0), '0'),
  FLEET_MOVE_AFTER_MINUTES: z.prefault(amount, '60'),
  BREAKER_FAILURES: z.prefault(count(0), '3'),
  BREAKER_MINUTES: z.prefault(interval, '10'),
  STATS_KEEP_DAYS: z.prefault(count(1), '90'),
  NOTIFY_COMMAND: z.prefault(commandLine, 'off'),
  NOTIFY_WEBHOOK_URL: z.prefault(webhookUrl, 'off'),
  NOTIFY_DESKTOP: z.prefault(onOrOff, 'off'),
  NOTIFY_TYPES: z.prefault(types, DEFAULT_TYPES),
});

function faultOfCommand(text: string): string | undefined {
  try {
    commandWords(text, '/');
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandWordsError)) throw error;
    return error.message;
  }
}

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
