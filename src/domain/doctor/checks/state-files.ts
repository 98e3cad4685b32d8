import { basename } from 'node:path';
import { withLock } from '../../../adapters/store/lock.ts';
import { setAside } from '../../../adapters/store/entries.ts';
import { identityOf } from '../../../adapters/process/process-identity.ts';
import { readTextIfExists } from '../../../adapters/store/private-files.ts';
import { plural, pasteQuote } from '../../../util/text.ts';
import { listEnvFiles } from '../../agent-env/list-env-files.ts';
import { readBreaker } from '../../queue/breakers.ts';
import { readBudgetFile } from '../../queue/day-budget.ts';
import { readPauseFile } from '../../queue/pause.ts';
import { readSpendingFile } from '../../runs/spending.ts';
import { readDaemonLock } from '../../daemon/find-daemon.ts';
import { guardOf } from '../../daemon/daemon-lock.ts';
import { inboxLock, readInbox } from '../../notifications/inbox.ts';
import { readRepos } from '../../servers/repos-file.ts';
import { readServers } from '../../servers/servers-file.ts';
import { readItem } from '../../queue/task-files.ts';
import { listRecordIds, liveRecordPath, readLiveRecord } from '../../runs/run-files.ts';
import { rebuildIndex } from '../../sessions/session-store.ts';
import { homeSessionPath, readHomeSessionFile, readIndexFile, readIssueFile } from '../../sessions/session-files.ts';
import { workElsewhere } from '../../runs/elsewhere.ts';
import { type Check, type CheckContext, fine, fixable, wrong, type Finding } from '../check.ts';
import { requireNoAgent, requireNoProcess } from '../live-agent.ts';
import { look, trackedIssues, type Found } from '../survey.ts';

const NAME = 'state-file';

/** Every state file holds what its schema says. */
export const stateFilesCheck: Check = {
  name: NAME,
  needsHome: false,
  async run(context) {
    const findings = [
      ...brokenIndex(context),
      ...brokenHomeSessions(context),
      ...brokenSessions(context),
      ...brokenItems(context),
      ...(await brokenRecords(context)),
      ...(await brokenInbox(context)),
      ...(await brokenPause(context)),
      ...(await brokenDaemonLock(context)),
      ...(await brokenByHand(context)),
    ];
    const { issues, items } = context.survey;
    const text = `${plural(issues.length, 'session file')} and ${plural(items.length, 'task')} can be read`;
    return findings.length > 0 ? findings : [fine(NAME, text)];
  },
};

function brokenIndex(context: CheckContext): Finding[] {
  const { survey, home } = context;
  const { index } = survey;
  if (index.state === 'broken' && !index.damaged) {
    return [wrong('error', NAME, index.reason, `check ${home.index} and its disk`)];
  }
  const empty = survey.base.state === 'missing' && survey.issues.length === 0;
  if (index.state === 'sound' || (index.state === 'missing' && empty)) return [];
  const message = index.state === 'broken' ? index.reason : `${home.index} is gone, and there are session files`;
  return [
    fixable('error', NAME, message, async () => {
      if ((await look(home.index, async () => readIndexFile(home))).state === 'sound')
        return `${home.index} is no longer damaged`;
      const { kept, entries } = await rebuildIndex(context);
      const before = kept === undefined ? '' : `; the damaged one is ${basename(kept)}`;
      return `recreated ${home.index} from ${plural(entries, 'session file')} of issues${before}`;
    }),
  ];
}

function brokenHomeSessions(context: CheckContext): Finding[] {
  const { survey, home } = context;
  const files = [
    { found: survey.base, type: 'base' },
    { found: survey.pmAgent, type: 'pm_agent' },
  ] as const;
  return files.flatMap(({ found, type }) => {
    const path = homeSessionPath(home, type);
    return broken(context, found, { path, read: async () => readHomeSessionFile(home, type), lock: home.sessionsLock });
  });
}

function brokenSessions(context: CheckContext): Finding[] {
  const { survey, home } = context;
  const refs = new Map(trackedIssues(survey, home).map(({ ref, file }) => [file.name, ref]));
  return survey.issues.flatMap(({ name, path, found }) =>
    broken(context, found, {
      path,
      read: async () => readIssueFile(home, name, refs.get(name)),
      lock: home.sessionsLock,
      before: async () => requireNoAgent(context, refs.get(name)),
    }),
  );
}

function brokenItems(context: CheckContext): Finding[] {
  const { survey, home } = context;
  const after = 'its task is not run: read the file and enqueue the task again';
  return survey.items.flatMap(({ name, path, found }) =>
    broken(context, found, {
      path,
      read: async () => readItem(context, basename(name, '.json')),
      lock: home.queueLock,
      after,
    }),
  );
}

/** Without its record a run is what its session file or its task last said of it. */
async function brokenRecords(context: CheckContext): Promise<Finding[]> {
  const { home } = context;
  const findings = (await listRecordIds(context)).map(async (id) => {
    const read = async (): Promise<unknown> => readLiveRecord(context, id);
    const file = { path: liveRecordPath(context, id), read, lock: home.sessionsLock };
    return broken(context, await look(file.path, read), { ...file, before: async () => requireNoProcess(context, id) });
  });
  return (await Promise.all(findings)).flat();
}

async function brokenInbox(context: CheckContext): Promise<Finding[]> {
  const { home } = context;
  const path = home.notifications;
  const read = async (): Promise<unknown> => readInbox(context);
  return broken(context, await look(path, read), { path, read, lock: inboxLock(home) });
}

/** What holds up the queue, and the record of the day by which it is decided. */
async function brokenPause(context: CheckContext): Promise<Finding[]> {
  const { home } = context;
  const goesOn = { lock: home.queueLock, after: 'the queue goes on then' };
  const files = [
    { path: home.queuePaused, read: async (): Promise<unknown> => readPauseFile(context), ...goesOn },
    { path: home.queueBreaker, read: async (): Promise<unknown> => readBreaker(context), ...goesOn },
    { path: home.queueBudget, read: async (): Promise<unknown> => readBudgetFile(context), ...goesOn },
    { path: home.spending, read: async (): Promise<unknown> => readSpendingFile(context), lock: home.spendingLock },
  ];
  const findings = files.map(async (file) => broken(context, await look(file.path, file.read), file));
  return (await Promise.all(findings)).flat();
}

async function brokenDaemonLock(context: CheckContext): Promise<Finding[]> {
  const { home } = context;
  const path = home.daemonLock;
  const read = async (): Promise<unknown> => readDaemonLock(context);
  return broken(context, await look(path, read), {
    path,
    read,
    lock: guardOf(home),
    before: async () => requireNoDaemon(context),
  });
}

/** The lock cannot say who holds it; the other file may. */
async function requireNoDaemon({ home }: CheckContext): Promise<void> {
  const [away] = workElsewhere(home);
  if (away !== undefined) throw new Error(`${away}, and may be the daemon`);
  const pid = Number((await readTextIfExists(home.daemonPid).catch(() => undefined)) ?? '');
  if (!Number.isInteger(pid) || pid <= 0 || identityOf(pid) === undefined) return;
  throw new Error(`${home.daemonPid} names the process ${pid}, which is alive: end it first if it is the daemon`);
}

/** What people write is theirs to correct: without it agents would work with the wrong servers, or without their tokens. */
async function brokenByHand(context: CheckContext): Promise<Finding[]> {
  const { home } = context;
  const files = [
    { path: home.reposFile, read: async () => readRepos(context) },
    { path: home.serversFile, read: async () => readServers(context) },
  ];
  const envFiles = (await listEnvFiles(context)).broken;
  const findings = envFiles.map((reason) => wrong('error', NAME, reason, `correct it, in ${home.agentEnv}`));
  for (const { path, read } of files) {
    const found = await look<unknown>(path, read);
    if (found.state !== 'broken') continue;
    findings.push(wrong('error', NAME, found.reason, `correct it: "\${EDITOR:-vi}" ${pasteQuote(path)}`));
  }
  return findings;
}

interface DamagedFile {
  readonly path: string;
  readonly read: () => Promise<unknown>;
  /** The lock under which the file changes. */
  readonly lock: string;
  /** Throws when it may not be set aside now. */
  readonly before?: () => Promise<void>;
  /** What is left for the user to do. */
  readonly after?: string;
}

function broken(context: CheckContext, found: Found<unknown>, file: DamagedFile): Finding[] {
  if (found.state !== 'broken') return [];
  if (!found.damaged) return [wrong('error', NAME, found.reason, `check ${file.path} and its disk`)];
  return [fixable('error', NAME, found.reason, async () => setDamagedAside(context, file))];
}

async function setDamagedAside(
  { clock }: CheckContext,
  { path, read, lock, before, after }: DamagedFile,
): Promise<string> {
  await before?.();
  return withLock(lock, async () => {
    const now = await look(path, read);
    if (now.state !== 'broken' || !now.damaged) return `${path} is no longer damaged`;
    const kept = basename(await setAside(path, 'corrupt', clock.now()));
    return [`set ${path} aside as ${kept}`, ...(after === undefined ? [] : [after])].join('; ');
  });
}
