import { listDirectory } from '../../../adapters/store/directory.ts';
import { readJsonFile } from '../../../adapters/store/json-file.ts';
import { AppError, wordsOf } from '../../../util/errors.ts';
import { plural } from '../../../util/text.ts';
import { formatDuration } from '../../../util/time.ts';
import { readFleetFacts, type FleetFacts } from '../../fleet/fleet-facts.ts';
import { formOfItem } from '../../queue/item-form.ts';
import { outboxPath } from '../../queue/outbox.ts';
import { idsIn } from '../../queue/task-files.ts';
import type { Check, CheckContext } from '../check.ts';
import { fine, note, wrong, type Finding } from '../finding.ts';

const NAME = 'fleet';
/** Beyond this skew times that people read are confusing; nothing is decided by them. */
const SKEW_MS = 5000;
const STATUS = 'kugetsu fleet status';

/** The fleet's server can be reached, keeps what it promises, and the other hosts are there. A home in no fleet has nothing to check. */
export const fleetCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const kept = await keptFindings(context);
    try {
      const host = await context.queue.host();
      if (host === undefined) return [];
      const found = [...kept, ...findingsOf(await readFleetFacts(context, context.signal))];
      return found.length > 0 ? found : [fine(NAME, `host ${host}: the server and the other hosts are there`)];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return [...kept, wrong('error', NAME, wordsOf(error), error.hint ?? STATUS)];
    }
  },
};

function findingsOf({ hosts, skewMs, forgetful, deafness }: FleetFacts): Finding[] {
  const silent = hosts.filter(({ state }) => state === 'gone');
  return [
    ...forgetful.map((setting) =>
      wrong(
        'error',
        NAME,
        `the server has ${setting}: after a crash it forgets tasks that were promised`,
        'turn it on in postgresql.conf',
      ),
    ),
    ...(Math.abs(skewMs) > SKEW_MS
      ? [
          wrong(
            'warning',
            NAME,
            `this machine's clock is ${formatDuration(Math.abs(skewMs))} off the server's`,
            'synchronise the clock',
          ),
        ]
      : []),
    ...(deafness === undefined ? [] : [note(NAME, `${deafness}: the queue is checked every 15 s`)]),
    ...silent.map(({ name, silentMs }) =>
      wrong(
        'warning',
        NAME,
        `host ${name} has not been heard of for ${formatDuration(silentMs)}`,
        `start it, or run: kugetsu fleet forget ${name}`,
      ),
    ),
  ];
}

async function keptFindings(context: CheckContext): Promise<Finding[]> {
  const ids = idsIn(await listDirectory(context.home.queueOutbox));
  const findings: Finding[] = [];
  for (const id of ids) {
    const problem = await readJsonFile(outboxPath(context, id), formOfItem(id)).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (problem !== undefined)
      findings.push(wrong('error', NAME, wordsOf(problem), 'restore it from a back-up, or move it away'));
  }
  const waiting = ids.length - findings.length;
  const what = `${plural(waiting, 'task')} kept here until the fleet's queue can be reached`;
  return waiting === 0 ? findings : [...findings, note(NAME, what, 'kugetsu queue-daemon status')];
}
