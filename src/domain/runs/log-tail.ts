import { linesFromEnd } from '../../adapters/store/line-reader.ts';

/** So many characters of a log are told to other hosts, at the most, and no line that is longer than half of them. */
const TAIL = 8192;

/** The last lines of a run's log, as they are written, without those that are very long; none while there is no log. */
export async function readTail(log: string): Promise<readonly string[]> {
  const lines: string[] = [];
  let room = TAIL;
  for await (const line of linesFromEnd(log, LOOK_BYTES)) {
    if (line === '' || line.length > TAIL / 2) continue;
    room -= line.length;
    if (room < 0) break;
    lines.unshift(line);
  }
  return lines;
}

/** How far from its end a log is looked into, in bytes. */
const LOOK_BYTES = 256 * 1024;
