import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lackingVariables, type VariableNames } from '../../../../src/domain/fleet/agent-variables.ts';
import { rawText } from '../../../../src/util/words.ts';

const keys = fc.uniqueArray(fc.constantFrom('TOKEN', 'PROXY', 'NODE_ENV'));
const hosts: fc.Arbitrary<VariableNames> = fc.record({ default: keys, 'pm-agent': keys, 'dev-agent': keys });

const lines = (own: VariableNames, other: VariableNames, names: readonly [string, string] = ['a', 'b']): string[] =>
  lackingVariables(own, other, names).map(rawText);

const gets = (names: VariableNames, agent: string): string[] =>
  [...new Set([...(names['default'] ?? []), ...(names[agent] ?? [])])].toSorted();

test('hosts lack nothing exactly when each agent gets variables of the same names on both', () => {
  fc.assert(
    fc.property(hosts, hosts, (one, other) => {
      const alike = ['pm-agent', 'dev-agent'].every(
        (agent) => gets(one, agent).join(' ') === gets(other, agent).join(' '),
      );
      expect(lines(one, other).length === 0).toBe(alike);
    }),
  );
});

test('whichever host is asked says the same of both', () => {
  fc.assert(
    fc.property(hosts, hosts, (one, other) => {
      expect(lines(one, other).toSorted()).toEqual(lines(other, one, ['b', 'a']).toSorted());
    }),
  );
});

test('what is lacking is told with the host and the file', () => {
  const own = { default: ['GITHUB_TOKEN', 'PROXY'], 'pm-agent': [], 'dev-agent': [] };
  const other = { default: [], 'pm-agent': ['PROXY', 'GITEA_TOKEN'], 'dev-agent': ['PROXY'] };
  expect(lines(own, other)).toEqual([
    'host b lacks GITHUB_TOKEN in default.env',
    'host a lacks GITEA_TOKEN in pm-agent.env',
  ]);
});
