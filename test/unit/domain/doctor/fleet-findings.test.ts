import { expect, test } from 'vitest';
import { fleetFindings } from '../../../../src/domain/doctor/checks/fleet.ts';
import type { FleetFacts } from '../../../../src/domain/fleet/fleet-facts.ts';
import type { Host } from '../../../../src/domain/queue/fleet.ts';
import { rawText } from '../../../../src/util/words.ts';

const hostWith = (facts: Partial<Host>): Host => ({
  name: 'b',
  version: '0.1.0',
  state: 'up',
  slots: 3,
  live: 0,
  base: null,
  silentMs: 0,
  waiting: 0,
  claimed: 0,
  ...facts,
});

const SOUND: FleetFacts = {
  server: 'db.example:5432',
  hosts: [hostWith({ name: 'a' }), hostWith({})],
  skewMs: 4999,
  forgetful: [],
  isTaken: false,
  base: undefined,
  ownBase: null,
  differing: [],
  deafness: undefined,
};

const BASE = { version: 3, by_host: 'b', at: '2026-03-29T16:00:00+00:00', model: null, opencode_major: 1, bytes: 1000 };

function found(facts: Partial<FleetFacts>): string[] {
  return fleetFindings('fleet', 'a', { ...SOUND, ...facts }).map(({ level, message, command }) =>
    [level, typeof message === 'string' ? message : rawText(message), command ?? '-'].join(' | '),
  );
}

test('a fleet that keeps its promises needs nothing', () => {
  expect(found({})).toEqual([]);
  expect(found({ base: BASE, ownBase: 3 })).toEqual([]);
  expect(found({ hosts: [hostWith({ silentMs: 3_600_000 }), hostWith({ silentMs: 59_000, claimed: 1 })] })).toEqual([]);
});

test.each<[string, Partial<FleetFacts>, string]>([
  [
    'a clock that is ahead',
    { skewMs: 5001 },
    "warning | this machine's clock is 5.0s off the server's | synchronise the clock",
  ],
  [
    'a clock that is behind',
    { skewMs: -90_000 },
    "warning | this machine's clock is 1m 30s off the server's | synchronise the clock",
  ],
  [
    'a server that does not wait for its disk',
    { forgetful: ['synchronous_commit = off'] },
    'error | the server has synchronous_commit = off: after a crash it forgets tasks that were promised | turn it on in postgresql.conf',
  ],
  [
    'a wake-up that does not arrive',
    { deafness: 'LISTEN is not heard (through a connection pool?)' },
    'info | LISTEN is not heard (through a connection pool?): the queue is checked every 15 s | -',
  ],
  [
    'a name that another home has',
    { isTaken: true },
    'error | another home is host a of the fleet: this one takes no task | run: kugetsu fleet leave, and join with --name and a name of its own',
  ],
  [
    'a host with other servers',
    { differing: [{ host: 'b', about: 'naming', what: ['servers.json: work is not there'] }] },
    'warning | host b has other servers or repositories: servers.json: work is not there | give all hosts the same servers.json and repos.json: an issue with two names gets two agents',
  ],
  [
    'a host with other variables',
    { differing: [{ host: 'b', about: 'variables', what: ['host b lacks GITHUB_TOKEN in default.env'] }] },
    'warning | host b lacks GITHUB_TOKEN in default.env | on the host that lacks it, run: kugetsu env set NAME - [AGENT]',
  ],
  [
    'a base of its own',
    { base: BASE },
    'info | this host has a base of its own; base 3 of the fleet is from host b | kugetsu fleet base pull',
  ],
  [
    'an older base',
    { base: BASE, ownBase: 2 },
    'info | this host has base 2; base 3 of the fleet is from host b | kugetsu fleet base pull',
  ],
  [
    'another host with an older base',
    { base: BASE, ownBase: 3, hosts: [hostWith({ base: 1 }), hostWith({ name: 'c', base: 1, state: 'gone' })] },
    'info | host b has base 1 of the fleet, and the newest is 3 | start its daemon',
  ],
  [
    'a host that is silent',
    { hosts: [hostWith({ state: 'gone', silentMs: 7_200_000 })] },
    'warning | host b has not been heard of for 2h 00m | start it, or run: kugetsu fleet forget b',
  ],
  [
    'a host that is silent, and has something',
    { hosts: [hostWith({ silentMs: 60_000, waiting: 2, claimed: 1 })] },
    'warning | host b has not been heard of for 1m 00s, and 3 tasks wait for it | start it, or run: kugetsu fleet forget b',
  ],
])('doctor tells of %s', (_what, facts, expected) => {
  expect(found(facts)).toContain(expected);
});
