import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  differences,
  readNaming,
  type Naming,
  lackingVariables,
  type VariableNames,
} from '../../../../src/domain/fleet/naming.ts';
import { rawText } from '../../../../src/util/words.ts';

const names = fc.constantFrom('github', 'gitea', 'work');
const prints = fc.constantFrom('1', '2');
const namings: fc.Arbitrary<Naming> = fc.record({
  default_server: fc.option(names),
  servers: fc.dictionary(names, prints),
  repositories: fc.dictionary(fc.constantFrom('github.com/x/y', 'github.com/x/z#1'), prints),
});

const lines = (own: Naming, other: Naming): string[] => differences(own, other).map(rawText);

test('two hosts differ in the same things, whichever of them is asked, and no host from itself', () => {
  fc.assert(
    fc.property(namings, namings, (one, other) => {
      expect(lines(one, one)).toEqual([]);
      expect(lines(one, other)).toHaveLength(lines(other, one).length);
    }),
  );
});

test('what differs is told by its name', () => {
  const own = {
    default_server: 'github',
    servers: { github: '1', work: '1', gitea: '1' },
    repositories: { 'h/x/y': '1' },
  };
  const other = { default_server: null, servers: { github: '1', work: '2' }, repositories: { 'h/x/z': '1' } };
  expect(lines(own, other)).toEqual([
    'servers.json: the default server is github here and none there',
    'servers.json: gitea is not there',
    'servers.json: work is different there',
    'repos.json: h/x/y is not there',
    'repos.json: h/x/z is there only',
  ]);
});

test('a host with an earlier kugetsu, which says nothing of variables, is compared in the rest', () => {
  const earlier = { default_server: null, servers: { github: '1' }, repositories: {} };
  expect(readNaming(earlier)).toEqual(earlier);
  expect(readNaming({ ...earlier, variables: { default: ['TOKEN'] } })?.variables).toEqual({ default: ['TOKEN'] });
});

const keys = fc.uniqueArray(fc.constantFrom('TOKEN', 'PROXY', 'NODE_ENV'));
const hosts: fc.Arbitrary<VariableNames> = fc.record({ default: keys, 'pm-agent': keys, 'dev-agent': keys });

const lacking = (own: VariableNames, other: VariableNames, called: readonly [string, string] = ['a', 'b']): string[] =>
  lackingVariables(own, other, called).map(rawText);

const gets = (files: VariableNames, agent: string): string[] =>
  [...new Set([...(files['default'] ?? []), ...(files[agent] ?? [])])].toSorted();

test('hosts lack nothing exactly when each agent gets variables of the same names on both', () => {
  fc.assert(
    fc.property(hosts, hosts, (one, other) => {
      const alike = ['pm-agent', 'dev-agent'].every(
        (agent) => gets(one, agent).join(' ') === gets(other, agent).join(' '),
      );
      expect(lacking(one, other).length === 0).toBe(alike);
    }),
  );
});

test('whichever host is asked says the same of both', () => {
  fc.assert(
    fc.property(hosts, hosts, (one, other) => {
      expect(lacking(one, other).toSorted()).toEqual(lacking(other, one, ['b', 'a']).toSorted());
    }),
  );
});

test('what is lacking is told with the host and the file', () => {
  const own = { default: ['GITHUB_TOKEN', 'PROXY'], 'pm-agent': [], 'dev-agent': [] };
  const other = { default: [], 'pm-agent': ['PROXY', 'GITEA_TOKEN'], 'dev-agent': ['PROXY'] };
  expect(lacking(own, other)).toEqual([
    'host b lacks GITHUB_TOKEN in default.env',
    'host a lacks GITEA_TOKEN in pm-agent.env',
  ]);
});
