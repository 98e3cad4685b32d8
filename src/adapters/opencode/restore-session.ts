import { AppError } from '../../util/errors.ts';
import { withExport } from './export-session.ts';
import { deleteStoredSession, importSession } from './fork.ts';
import { openKept, type KeptExport } from './kept-export.ts';
import { runOpencode, type OpencodeCli } from './opencode-cli.ts';
import { describeStoredSessions } from './stored-sessions.ts';

interface Move {
  readonly cli: OpencodeCli;
  readonly id: string;
  /** The absolute real path in which the session is to run. */
  readonly directory: string;
}

/**
 * Makes another directory the session's own: importing a session that exists changes only that.
 *
 * @throws AppError `opencode_unexpected` when opencode did not do so
 */
export async function moveSession({ cli, id, directory }: Move): Promise<void> {
  await withExport({ cli, id, directory }, async (file) => runOpencode(cli, ['import', file], directory));
  const [stored] = await describeStoredSessions(cli, [id], directory);
  if (stored?.directory === directory) return;
  throw new AppError('opencode_unexpected', `opencode did not move the session ${id} to ${directory}`);
}

/**
 * Gives opencode a session back that it has lost, from the export that was kept of it.
 *
 * @returns whether the session is there again, whole; false when there is no export of it
 */
export async function restoreSession({
  cli,
  id,
  directory,
  caches,
}: Move & { readonly caches: readonly string[] }): Promise<boolean> {
  const kept = await firstKept(caches, id);
  if (kept === undefined) return false;
  try {
    const given = await importSession(cli, await kept.read(), directory);
    const [stored] = await describeStoredSessions(cli, [id], directory);
    if (stored?.directory === directory && stored.messages === given.messages && stored.parts === given.parts) {
      return true;
    }
    await deleteStoredSession(cli, id, directory);
    return false;
  } finally {
    await kept.close();
  }
}

async function firstKept(caches: readonly string[], id: string): Promise<KeptExport | undefined> {
  for (const cache of caches) {
    const kept = await openKept(cache, id);
    if (kept !== undefined) return kept;
  }
  return undefined;
}
