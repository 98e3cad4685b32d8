import { errnoOf } from '../../util/errors.ts';
import type { LogFile } from './log-file.ts';

/** Lines that the system refused to take. */
export interface LostLines {
  readonly count: number;
  /** `ENOSPC`, … */
  readonly code: string;
}

/**
 * The same log, but a line that the system refuses is lost and nothing else: a full disk is no reason to end an agent.
 * Before the next line that can be written, `note` says in a line of its own how many are missing.
 */
export function forgivingLog(file: LogFile, note: (lost: LostLines) => string): LogFile {
  let lost: LostLines | undefined;
  return {
    path: file.path,
    async append(line) {
      try {
        // The last of them may have been written in part.
        await file.append(lost === undefined ? line : `\n${note(lost)}\n${line}`);
        lost = undefined;
      } catch (error) {
        const code = errnoOf(error);
        if (code === undefined) throw error;
        lost = { count: (lost?.count ?? 0) + 1, code };
      }
    },
    close: async () => file.close(),
  };
}
