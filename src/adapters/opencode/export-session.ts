import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, errnoOf } from '../../util/errors.ts';
import { mkdtemp, rm } from '../store/changes.ts';
import { openToRead } from '../store/open-to-read.ts';
import { scratchPrefix, type Purpose } from '../store/scratch.ts';
import { runOpencode, type OpencodeCli } from './opencode-cli.ts';
import { readExport, type SessionSource } from './session-files.ts';

/** Gives what takes out of a piece of an export, which is JSON, what no copy is to have. */
export type ExportCleaner = () => Promise<(json: string) => string>;

interface Exporting {
  readonly cli: OpencodeCli;
  readonly id: string;
  readonly directory: string;
  readonly cleanExport: ExportCleaner;
}

/** Has opencode print a session, and gives `use` what no copy is without. @throws AppError `opencode_failed`, `opencode_unexpected` */
export async function withSession<T>(
  { cli, id, directory, cleanExport }: Exporting,
  use: (session: SessionSource) => Promise<T>,
): Promise<T> {
  return withExport({ cli, id, directory }, async (path) => {
    const file = await openToRead(path);
    try {
      return await use(await readExport(file, await cleanExport()));
    } catch (error) {
      if (error instanceof AppError || errnoOf(error) !== undefined) throw error;
      throw new AppError('opencode_unexpected', `opencode export ${id} printed something other than a session`, {
        details: (await readFile(path, 'utf8')).slice(0, 4000),
        cause: error,
      });
    } finally {
      await file.close();
    }
  });
}

/** Has opencode print a session into a file, for `use`. @throws AppError `opencode_failed` */
export async function withExport<T>(
  { cli, id, directory }: { readonly cli: OpencodeCli; readonly id: string; readonly directory: string },
  use: (file: string) => Promise<T>,
): Promise<T> {
  return inScratch('export', async (file) => {
    await runOpencode(cli, ['export', id], directory, { stdoutFile: file });
    return use(file);
  });
}

/** Runs `use` with the path of a file that is not there yet, in a directory that is gone afterwards. */
export async function inScratch<T>(purpose: Purpose, use: (file: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(scratchPrefix(purpose));
  try {
    return await use(join(scratch, 'session.json'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
