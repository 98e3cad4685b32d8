import { plural } from '../../../util/text.ts';
import { formatDuration } from '../../../util/time.ts';
import { differingHint, differingWords } from '../../fleet/compare-hosts.ts';
import type { FleetFacts } from '../../fleet/fleet-facts.ts';
import { SILENT_MS, type Host } from '../../queue/fleet.ts';
import { note, wrong, type Finding } from '../finding.ts';

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
