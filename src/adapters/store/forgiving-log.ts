import { errnoOf } from '../../util/errors.ts';

type Append = (line: string) => Promise<void>;

/** Lines that the system refused to take. */
export interface LostLines {
  readonly count: number;
  /** `ENOSPC`, … */
  readonly code: string;
}

/**
 * Appends lines to the same log, but a line that the system refuses is lost and nothing else: a full disk is no reason to end an agent.
 * Before the next line that can be written, `note` says in a line of its own how many are missing.
 */
export function forgivingLog(append: Append, note: (lost: LostLines) => string): Append {
  let lost: LostLines | undefined;
  return async (line) => {
    try {
      // The last of them may have been written in part.
      await append(lost === undefined ? line : `\n${note(lost)}\n${line}`);
      lost = undefined;
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined) throw error;
      lost = { count: (lost?.count ?? 0) + 1, code };
    }
  };
}
