import { join } from 'node:path';
import { runIdsInUse } from '../../../adapters/process/process-table.ts';
import { mappedFiles } from '../../../adapters/process/other-processes.ts';
import { ownUserId } from '../../../adapters/process/user.ts';
import { listDirectory } from '../../../adapters/store/directory.ts';
import { diskUsage } from '../../../adapters/store/disk.ts';
import { pathExists, pathFacts } from '../../../adapters/store/paths.ts';
import { removeDirectory } from '../../../adapters/store/private-files.ts';
import { isOwnScratch, isScratchDirectory } from '../../../adapters/store/scratch.ts';
import { formatBytes, plural } from '../../../util/text.ts';
import { makePrunePlan } from '../../prune/make-plan.ts';
import { ownedRuns } from '../../runs/orphans.ts';
import { isMadeRunId } from '../../runs/run-id.ts';
import { liveRuns } from '../../work/live-runs.ts';
import { type Check, type CheckContext, fine, fixable, note } from '../check.ts';
import { soundItems, soundSessions } from '../survey.ts';

const LEFTOVERS = 'leftovers';
/** What is younger may still be in use, in milliseconds. */
const OLD_MS = 60 * 60_000;
const MANY_BYTES = 200 * 1024 * 1024;
const UNPACKED = /^\.[0-9a-f]+-[0-9a-f]{8}\.(?:so|node)$/;

/** Temporary files that a killed opencode or kugetsu left behind. */
export const leftoversCheck: Check = {
  name: LEFTOVERS,
  needsHome: false,
  async run(context) {
    const paths = await leftovers(context);
    if (paths.length === 0) return [fine(LEFTOVERS, 'nothing left in temporary directories')];
    const sizes = await Promise.all(paths.map(async (path) => diskUsage(path, context.signal)));
    const bytes = sizes.reduce((total, size) => total + size, 0);
    const level = bytes > MANY_BYTES ? 'warning' : 'info';
    const message = `${plural(paths.length, 'leftover')} of opencode and kugetsu, ${formatBytes(bytes)}: ${paths.slice(0, 3).join(', ')}`;
    return [
      fixable(level, LEFTOVERS, message, async () => {
        // A process may have started to use one of them since they were found.
        const still = new Set(await leftovers(context));
        const doomed = paths.filter((path) => still.has(path));
        for (const path of doomed) await removeDirectory(path);
        return `removed ${plural(doomed.length, 'leftover')} (${formatBytes(bytes)})`;
      }),
    ];
  },
};

interface Place {
  readonly directory: string;
  readonly isOwn: (name: string) => boolean;
}

async function leftovers(context: CheckContext): Promise<string[]> {
  const { home, env } = context;
  const temporary = env['TMPDIR'] ?? '/tmp';
  const places: readonly Place[] = [
    // opencode unpacks its libraries there at each start and never removes them.
    { directory: temporary, isOwn: (name) => UNPACKED.test(name) },
    { directory: temporary, isOwn: isOwnScratch },
    { directory: home.root, isOwn: isScratchDirectory },
    // Leftovers of runs that still have a directory in the home belong to prune.
    { directory: await context.tempDirectory(), isOwn: isMadeRunId },
  ];
  const candidates = (await Promise.all(places.map(async (place) => oldOwn(context, place)))).flat();
  const mapped = candidates.length === 0 ? new Set<string>() : mappedFiles();
  const live = await runsInUse(context);
  return candidates
    .filter(({ path, name }) =>
      name.endsWith('.so') || name.endsWith('.node') ? mapped?.has(path) === false : !live.has(name),
    )
    .map(({ path }) => path);
}

interface Candidate {
  readonly path: string;
  readonly name: string;
}

async function oldOwn({ clock }: CheckContext, { directory, isOwn }: Place): Promise<Candidate[]> {
  const names = (await listDirectory(directory).catch(() => [])).filter(isOwn);
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const facts = await pathFacts(path).catch(() => undefined);
      const old = facts !== undefined && facts.modifiedAt < clock.now() - OLD_MS && facts.uid === ownUserId();
      return old ? [{ path, name }] : [];
    }),
  );
  return found.flat();
}

/** Every run that some process still belongs to, of other homes too: they may share the temporary directory. */
async function runsInUse(context: CheckContext): Promise<Set<string>> {
  const { survey, home } = context;
  const runs = await liveRuns(context, { sessions: soundSessions(survey, home), items: soundItems(survey) });
  return new Set([...runs.map(({ id }) => id), ...(await ownedRuns(context)), ...runIdsInUse()]);
}

const PRUNABLE = 'prunable';

/** Unused items, as prune would show them. */
export const prunableCheck: Check = {
  name: PRUNABLE,
  needsHome: true,
  async run(context) {
    // Without these files nobody can tell what is used; other checks report that.
    const { index, base, pmAgent, issues } = context.survey;
    if (index.state !== 'sound' || [base, pmAgent, ...issues.map(({ found }) => found)].some(isBroken)) return [];
    // The plan needs the lock; taking over an abandoned lock would be a repair.
    if (await pathExists(context.home.sessionsLock)) return [];
    const { items } = await makePrunePlan(context, { olderThanDays: undefined, merged: false });
    if (items.length === 0) return [fine(PRUNABLE, 'nothing to prune')];
    const bytes = items.reduce((total, item) => total + item.bytes, 0);
    const message = `${plural(items.length, 'unused item')}, ${formatBytes(bytes)}`;
    return [note(PRUNABLE, message, 'kugetsu prune')];
  },
};

function isBroken({ state }: { readonly state: string }): boolean {
  return state === 'broken';
}
