import { standingOf, whereabouts } from '../../../adapters/process/standing.ts';
import { withLock } from '../../../adapters/store/lock.ts';
import { pathExists, changedAt } from '../../../adapters/store/paths.ts';
import { removeFile } from '../../../adapters/store/private-files.ts';
import { plural } from '../../../util/text.ts';
import { formatDuration } from '../../../util/time.ts';
import { findDaemon, findScriptDaemon, readDaemonLock, scriptDaemonRuns } from '../../daemon/find-daemon.ts';
import { guardOf } from '../../daemon/daemon-lock.ts';
import { type Check, type CheckContext, fine, fixable, note, wrong, type Finding } from '../check.ts';
import { look, valueOf } from '../survey.ts';

const NAME = 'queue-daemon';
const START = 'kugetsu queue-daemon start';
/** A queue that cron runs is served within this time, in milliseconds. */
const TOO_LONG_MS = 15 * 60_000;

/** The daemon runs when there is work for it, is this kugetsu, and has left nothing behind. */
export const daemonCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const found = await look(context.home.daemonLock, async () => readDaemonLock(context));
    if (found.state === 'broken') return [];
    const lock = valueOf(found);
    const standing = lock === undefined ? 'gone' : standingOf(lock.owner, context.home.heartbeats);
    if (lock !== undefined && standing === 'elsewhere') {
      return [fine(NAME, `running ${whereabouts(lock.owner)}, since ${lock.since}`)];
    }
    if (lock === undefined || standing !== 'alive') return [...(await leftBehind(context)), absent(context)];
    const since = Date.parse(lock.since);
    const program = context.self.prefix[0] ?? context.self.executable;
    if ((await changedAt(program)) > since + 1000) {
      const message = `the queue daemon (pid ${lock.owner.pid}) runs an older kugetsu than the one that is installed`;
      return [wrong('warning', NAME, message, 'kugetsu queue-daemon restart')];
    }
    return [fine(NAME, `running (pid ${lock.owner.pid}, since ${lock.since})`)];
  },
};

async function leftBehind(context: CheckContext): Promise<Finding[]> {
  const { home } = context;
  const script = await findScriptDaemon(context);
  if (script !== undefined) return [wrong('error', NAME, scriptDaemonRuns(script), 'kugetsu queue-daemon stop')];
  const left: string[] = [];
  for (const path of [home.daemonLock, home.daemonPid]) if (await pathExists(path)) left.push(path);
  if (left.length === 0) return [];
  return [
    fixable('warning', NAME, `a queue daemon died without notice and left ${left.join(', ')}`, async () =>
      withLock(guardOf(home), async () => {
        if ((await findDaemon(context)) !== undefined) return 'a queue daemon is running again';
        for (const path of [home.daemonLock, home.daemonPid]) await removeFile(path);
        return `removed ${left.join(', ')} of a daemon that is dead`;
      }),
    ),
  ];
}

function absent({ survey, clock }: CheckContext): Finding {
  const waiting = survey.items.map(({ found }) => valueOf(found)).filter((item) => item?.state === 'pending');
  if (waiting.length === 0) return note(NAME, 'not running, and no task waits for it', START);
  const oldest = Math.max(...waiting.map((item) => clock.now() - Date.parse(item?.created_at ?? '')));
  const message = `${plural(waiting.length, 'task waits', 'tasks wait')} (the oldest for ${formatDuration(oldest)}), and no queue daemon is running`;
  return wrong(oldest > TOO_LONG_MS ? 'error' : 'warning', NAME, message, START);
}
