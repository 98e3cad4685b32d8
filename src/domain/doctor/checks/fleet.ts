import { listDirectory } from '../../../adapters/store/directory.ts';
import { readJsonFile } from '../../../adapters/store/json-file.ts';
import { AppError, wordsOf } from '../../../util/errors.ts';
import { plural } from '../../../util/text.ts';
import { readFleetFacts } from '../../fleet/fleet-facts.ts';
import { formOfItem } from '../../queue/item-form.ts';
import { outboxPath } from '../../queue/outbox.ts';
import { idsIn } from '../../queue/task-files.ts';
import { begunAlonePaths, readBegunAlone } from '../../work/begun-alone.ts';
import type { Check, CheckContext } from '../check.ts';
import { fine, note, wrong, type Finding } from '../finding.ts';
import { fleetFindings } from './fleet-findings.ts';

const NAME = 'fleet';
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
      const found = [...kept, ...fleetFindings(NAME, host, await readFleetFacts(context, context.signal))];
      return found.length > 0 ? found : [fine(NAME, `host ${host}: the server and the other hosts are there`)];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return [...kept, wrong('error', NAME, wordsOf(error), error.hint ?? STATUS)];
    }
  },
};

async function keptFindings(context: CheckContext): Promise<Finding[]> {
  const ids = idsIn(await listDirectory(context.home.queueOutbox));
  const tasks = await damaged(ids.map(async (id) => readJsonFile(outboxPath(context, id), formOfItem(id))));
  const issues = await damaged((await begunAlonePaths(context)).map(readBegunAlone));
  const waiting = ids.length - tasks.length;
  const what = `${plural(waiting, 'task')} kept here until the fleet's queue can be reached`;
  return [...tasks, ...issues, ...(waiting === 0 ? [] : [note(NAME, what, 'kugetsu queue-daemon status')])];
}

/** What is wrong with those files that cannot be read. */
async function damaged(reads: readonly Promise<unknown>[]): Promise<Finding[]> {
  const outcomes = await Promise.allSettled(reads);
  return outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => wrong('error', NAME, wordsOf(reason), 'restore it from a back-up, or move it away'));
}
