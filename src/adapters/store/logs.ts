import { stat } from 'node:fs/promises';
import { errnoOf } from '../../util/errors.ts';
import { appendFile, rename } from './changes.ts';
import { openPrivateAppend } from './private-files.ts';

/** A file that only grows; appends from one process keep their order. */
export interface LogFile {
  readonly path: string;
  append(line: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens a log for appending, mode 0600; it and its directory are created when they are missing. */
export async function openLogFile(path: string): Promise<LogFile> {
  const handle = await openPrivateAppend(path);
  let last: Promise<unknown> = Promise.resolve();
  return {
    path,
    async append(line) {
      const write = last.then(async () => handle.append(`${line}\n`));
      last = write.catch(() => undefined);
      await write;
    },
    async close() {
      await last;
      await handle.close();
    },
  };
}

/** Appends lines to a file; when it has grown past `maxBytes` it becomes `<path>.1`, over the one before. */
export function rotatingLog(path: string, maxBytes: number): (line: string) => Promise<void> {
  return async (line) => {
    const { size } = await stat(path).catch(() => ({ size: -1 }));
    if (size > maxBytes) await rename(path, `${path}.1`);
    if (size === -1 || size > maxBytes) await (await openPrivateAppend(path)).close();
    await appendFile(path, `${line}\n`);
  };
}

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
