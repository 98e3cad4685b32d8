import { listDirectory } from '../../../adapters/store/directory.ts';
import { readJsonFile } from '../../../adapters/store/json-file.ts';
import { AppError, wordsOf } from '../../../util/errors.ts';
import { plural } from '../../../util/text.ts';
import { readFleetFacts, type FleetFacts } from '../../fleet/fleet-facts.ts';
import { formOfItem } from '../../queue/item-form.ts';
import { outboxPath } from '../../queue/outbox.ts';
import { idsIn } from '../../queue/task-files.ts';
import { begunAlonePaths, readBegunAlone } from '../../work/begun-alone.ts';
import { type Check, type CheckContext, fine, note, wrong, type Finding } from '../check.ts';
import { formatDuration } from '../../../util/time.ts';
import { differingHint, differingWords } from '../../fleet/compare-hosts.ts';
import { SILENT_MS, type Host } from '../../queue/fleet.ts';

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

/** Beyond this skew, in milliseconds, times that people read are confusing; nothing is decided by them. */
const SKEW_MS = 5000;

/** What keeps a fleet from its promises. @param host the name of this one */
export function fleetFindings(check: string, host: string, facts: FleetFacts): Finding[] {
  return [
    ...ofTheServer(check, facts),
    ...(facts.isTaken
      ? [
          wrong(
            'error',
            check,
            `another home is host ${host} of the fleet: this one takes no task`,
            'run: kugetsu fleet leave, and join with --name and a name of its own',
          ),
        ]
      : []),
    ...facts.differing.map((other) => wrong('warning', check, differingWords(other), differingHint(other))),
    ...ofTheBase(check, facts),
    ...facts.hosts.flatMap((each) => silence(check, each)),
  ];
}

/** One that is silent is no matter as long as nothing is there that others wait for: who goes home switches it off. */
function silence(check: string, { name, state, silentMs, waiting, claimed }: Host): Finding[] {
  const tasks = waiting + claimed;
  if (state !== 'gone' && (silentMs < SILENT_MS || tasks === 0)) return [];
  const waits = tasks === 0 ? '' : `, and ${plural(tasks, 'task')} ${tasks === 1 ? 'waits' : 'wait'} for it`;
  return [
    wrong(
      'warning',
      check,
      `host ${name} has not been heard of for ${formatDuration(silentMs)}${waits}`,
      `start it, or run: kugetsu fleet forget ${name}`,
    ),
  ];
}

function ofTheServer(check: string, { skewMs, forgetful, deafness }: FleetFacts): Finding[] {
  const off = formatDuration(Math.abs(skewMs));
  return [
    ...forgetful.map((setting) =>
      wrong(
        'error',
        check,
        `the server has ${setting}: after a crash it forgets tasks that were promised`,
        'turn it on in postgresql.conf',
      ),
    ),
    ...(Math.abs(skewMs) > SKEW_MS
      ? [wrong('warning', check, `this machine's clock is ${off} off the server's`, 'synchronise the clock')]
      : []),
    ...(deafness === undefined ? [] : [note(check, `${deafness}: the queue is checked every 15 s`)]),
  ];
}

/** Which base a host has is its own affair, and worth knowing. */
function ofTheBase(check: string, { base, ownBase, hosts }: FleetFacts): Finding[] {
  if (base === undefined) return [];
  const { version, by_host: from } = base;
  const own = ownBase === null ? 'a base of its own' : `base ${ownBase}`;
  const others = hosts.filter((host) => host.state !== 'gone' && host.base !== null && host.base < version);
  return [
    ...(ownBase === version
      ? []
      : [
          note(
            check,
            `this host has ${own}; base ${version} of the fleet is from host ${from}`,
            'kugetsu fleet base pull',
          ),
        ]),
    ...others.map(({ name, base: known }) =>
      note(check, `host ${name} has base ${known ?? 0} of the fleet, and the newest is ${version}`, 'start its daemon'),
    ),
  ];
}
