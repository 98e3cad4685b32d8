import { listDirectory } from '../../adapters/store/directory.ts';
import { writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import { freeAside } from '../../adapters/store/entries.ts';
import { readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import type { HomeSession, Index } from './home-session-schema.ts';
import { readHomeSessionFile, readIssueFile } from './session-files.ts';

/**
 * Writes the index anew from the session files that can be read. What was there is kept beside it first, so that a
 * crash at any moment leaves an index that is the old one or the new one.
 */
export async function rebuildIndex({
  home,
  clock,
}: Pick<Context, 'home' | 'clock'>): Promise<{ readonly kept: string | undefined; readonly entries: number }> {
  return withLock(home.sessionsLock, async (lock) => {
    const before = await readTextIfExists(home.index);
    const kept = before === undefined ? undefined : await freeAside(home.index, 'corrupt', clock.now());
    const index = await indexOf({ home });
    lock.assertHeld();
    if (kept !== undefined) await replaceFile(kept, before ?? '');
    await writeJsonFile(home.index, index);
    return { kept, entries: Object.keys(index.issues).length };
  });
}

async function indexOf({ home }: Pick<Context, 'home'>): Promise<Index> {
  const homeSession = async (type: HomeSession['type']): Promise<string | null> =>
    (await readHomeSessionFile(home, type).catch(() => undefined))?.opencode_session_id ?? null;
  const issues: Record<string, string> = {};
  for (const name of (await listDirectory(home.sessions)).filter((file) => file.endsWith('.json')).toSorted()) {
    const session = await readIssueFile(home, name).catch(() => undefined);
    if (session !== undefined) issues[session.issue_ref] ??= name;
  }
  return {
    base: await homeSession('base'),
    pm_agent: await homeSession('pm_agent'),
    issues,
  };
}
