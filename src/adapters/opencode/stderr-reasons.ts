import type { AgentEvent, FailureReason, Remark } from '../engine/agent-event.ts';

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
export function knownReason(line: string): FailureReason | undefined {
  const rank = STDERR_REASONS.findIndex(([pattern]) => pattern.test(line));
  const found = STDERR_REASONS[rank];
  if (found === undefined) return undefined;
  const [, name, message, retryable] = found;
  return { class: name, message, retryable, rank };
}

const FAILED_CALL = /message="stream error".* error\.error="([^"]+)/;

/** A line of opencode's standard error, with what it explains. */
export function remarkOf(line: string): Remark {
  // Where it says that a call has failed, opencode waits and tries again.
  return { from: 'engine', line, reason: knownReason(line), failedCall: FAILED_CALL.exec(line)?.[1] };
}

/** An event with what opencode means by it, where its name and message tell. */
export function explained(event: AgentEvent): AgentEvent {
  if (event.type !== 'error') return event;
  const { name, message } = event;
  const filtered = /content.?filter/i.test(`${name} ${message}`);
  return { ...event, reason: knownReason(message), filtered, vague: name === 'UnknownError' };
}
