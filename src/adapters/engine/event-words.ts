import type { JsonPlace } from '../../util/json-strings.ts';

/** The words of a text. */
function wordSet(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

// The names of members in event lines, which are those of `opencode run --format json` and `opencode export` (1.18), as far as
// no agent chooses what is in them.
const NAMES = wordSet(
  `type timestamp sessionID messageID partID parentID callID id part parts error state status tool text title input output
  metadata time start end compacted created updated completed archived reason finish tokens total reasoning cache read write
  cost snapshot synthetic ignored name data message statusCode isRetryable responseBody responseHeaders info messages role
  agent mode model providerID modelID variant path cwd root system tools summary diffs slug projectID workspaceID directory
  version permission pattern action revert share url filename mime source auto overflow tail_start_id attempt hash files
  prompt description command attachments structured additions deletions`,
);

// What is in these is the agent's own: what a tool was called with, and what it gave.
const SAID = wordSet(
  `text title input output metadata message responseBody responseHeaders system summary url filename source prompt
  description command attachments structured`,
);

// What is said by one of a few words.
const VALUES: Readonly<Record<string, ReadonlySet<string>>> = {
  type: wordSet(
    `step_start step_finish tool_use text reasoning error step-start step-finish tool file snapshot patch agent subtask
    compaction retry`,
  ),
  status: wordSet('pending running completed error'),
  reason: wordSet('stop tool-calls length content-filter error other unknown'),
  finish: wordSet('stop tool-calls length content-filter error other unknown'),
  role: wordSet('user assistant'),
  tool: wordSet(
    'bash read edit write glob grep list task webfetch websearch codesearch todowrite todoread patch skill',
  ),
  name: wordSet(
    `UnknownError APIError ProviderAuthError MessageAbortedError MessageOutputLengthError ContextOverflowError
    StructuredOutputError`,
  ),
};

/**
 * Whether a string in an event is a word of the form's own: the name of a member, or one of the few values that it has. Such
 * a word is the same in every run, so it gives nothing away, whoever has the same word for a secret.
 */
export function isEventWord(text: string, { isKey, path }: JsonPlace): boolean {
  if (!isOwnPlace(isKey ? path : path.slice(0, -1))) return false;
  const name = path.at(-1) ?? '';
  return isKey ? NAMES.has(text) : VALUES[name]?.has(text) === true;
}

/** Whether a place is one where no agent chooses what stands there. */
function isOwnPlace(path: readonly string[]): boolean {
  return path.every((name) => NAMES.has(name) && !SAID.has(name));
}

// What identifies and places a session and its rows, which import would refuse or misplace otherwise.
const PLACES = wordSet(
  `id sessionID messageID parentID callID slug projectID workspaceID version directory cwd root providerID modelID variant
  agent mode snapshot hash tail_start_id permission pattern action mime`,
);

/** As {@link isEventWord}, for a session as `opencode export` prints it: ids, directories and models are none of its secrets. */
export function isExportWord(text: string, place: JsonPlace): boolean {
  if (isEventWord(text, place)) return true;
  const { isKey, path } = place;
  return !isKey && PLACES.has(path.at(-1) ?? '') && isOwnPlace(path);
}
