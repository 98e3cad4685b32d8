/** What a line of opencode's standard error explains. */
export interface StderrReason {
  readonly class: string;
  readonly message: string;
  readonly retryable: boolean;
  /** Its place among the reasons; the lowest explains the most. */
  readonly rank: number;
}

// opencode's own words on standard error, where the event stream does not tell.
const STDERR_REASONS: readonly (readonly [RegExp, string, string, boolean])[] = [
  [
    // It would go on as another one, `plan` for example, which is told not to change anything.
    /agent ".*" (?:not found|is a subagent)[^"]*Falling back|Agent not found: "|default agent ".*" (?:not found|is a subagent|is hidden)|no primary visible agent/,
    'agent_unavailable',
    'the agent that AGENT_NAME names is unknown to opencode, disabled, or a subagent',
    false,
  ],
  [/auto-rejecting/i, 'permission_rejected', 'opencode rejected a permission that nobody could answer', false],
  [/Session not found/i, 'session_missing', 'opencode no longer has the session', false],
  [/ProviderModelNotFoundError|Model not found/i, 'unknown_model', 'opencode does not know the model', false],
  [/database is locked/i, 'database_locked', "opencode's database was locked", true],
  [
    // It prints how it is called, and nothing else.
    /^opencode (?:run )?\[[a-z]+(?:\.\.)?\]|Unknown arguments?:/,
    'opencode_unsupported',
    'this version of opencode does not accept the flags that kugetsu uses; run: kugetsu doctor',
    false,
  ],
  [/ENOSPC|disk is full|no space left/i, 'disk_full', 'the disk is full', false],
  [/EROFS|read-only file system|readonly database/i, 'read_only', "opencode's data directory is read-only", false],
  [
    /ConfigInvalidError|ConfigJsonError|Config file .* (?:is not valid|invalid)/i,
    'bad_opencode_config',
    'opencode refused its configuration',
    false,
  ],
];

/** What opencode means by a line, if it is one of those that explain something. */
export function knownReason(line: string): StderrReason | undefined {
  const rank = STDERR_REASONS.findIndex(([pattern]) => pattern.test(line));
  const found = STDERR_REASONS[rank];
  if (found === undefined) return undefined;
  const [, name, message, retryable] = found;
  return { class: name, message, retryable, rank };
}

const FAILED_CALL = /message="stream error".* error\.error="([^"]+)/;

/** What failed in the last call of the model, if a line of standard error says so: then opencode waits and tries again. */
export function failedCallIn(line: string): string | undefined {
  return FAILED_CALL.exec(line)?.[1];
}

/** Whether the name and message of an error say that the model's content filter ended its answer. */
export function namesContentFilter(error: string): boolean {
  return /content.?filter/i.test(error);
}
