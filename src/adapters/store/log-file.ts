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
