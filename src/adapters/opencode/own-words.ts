import type { JsonPlace } from '../../util/json-strings.ts';
import { isEventWord, isOwnPlace, wordSet } from '../engine/event-words.ts';

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
