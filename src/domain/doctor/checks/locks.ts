import { join } from 'node:path';
import { listDirectory } from '../../../adapters/store/directory.ts';
import { withLock } from '../../../adapters/store/lock.ts';
import { pathFacts } from '../../../adapters/store/paths.ts';
import { pasteQuote } from '../../../util/text.ts';
import { formatDuration } from '../../../util/time.ts';
import { guardOf } from '../../daemon/daemon-lock.ts';
import { inboxLock } from '../../notifications/inbox.ts';
import { outboxLock } from '../../notifications/outbox.ts';
import { onceLock } from '../../queue/enqueue-once.ts';
import { type Check, type CheckContext, fine, fixable, wrong, type Finding } from '../check.ts';

const NAME = 'locks';
/** A holder that is alive marks its lock every 1.5 s, and after 5 s anybody may take it; this is far beyond, in milliseconds. */
const LEFT_MS = 30_000;

/** No lock is left of a process that died with it. */
export const locksCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const { home } = context;
    const named = (await Promise.all([home.repos, home.servers].map(locksIn))).flat();
    const paths = [home.sessionsLock, home.queueLock, onceLock(home), inboxLock(home), outboxLock(home), guardOf(home)];
    const findings = (await Promise.all([...paths, ...named].map(async (path) => look(context, path)))).flat();
    return findings.length > 0 ? findings : [fine(NAME, 'no lock was left behind')];
  },
};

/** The locks of what lies beside them, such as repositories. */
async function locksIn(directory: string): Promise<string[]> {
  const names = await listDirectory(directory);
  return names.filter((name) => name.endsWith('.lock')).map((name) => join(directory, name));
}

async function look({ clock }: CheckContext, path: string): Promise<Finding[]> {
  const facts = await pathFacts(path);
  if (facts === undefined) return [];
  const age = clock.now() - facts.modifiedAt;
  if (facts.type !== 'directory') return [wrong('error', NAME, `${path} is not a lock`, `rm ${pasteQuote(path)}`)];
  if (age < -LEFT_MS) {
    return [left(path, `is from the future (${formatDuration(-age)}): the clock was set back`)];
  }
  return age < LEFT_MS ? [] : [left(path, `was left behind ${formatDuration(age)} ago`)];
}

function left(path: string, what: string): Finding {
  return fixable('warning', NAME, `the lock ${path} ${what}`, async () => {
    // Whoever takes a lock that was left passes over its holder by the same rules as every kugetsu, and removes it.
    await withLock(path, async () => undefined, { waitMs: 8000 });
    return `removed the lock ${path}`;
  });
}
