import { expect, test } from 'vitest';
import { requireAgentMay } from '../../../src/cli/agent-rights.ts';
import { parsedRequest } from '../../../src/cli/parse.ts';
import { TABLE } from '../../../src/cli/table/all.ts';

const commands = TABLE.filter((entry) => entry.load !== undefined);

/** What an agent may run: a new command is entered here, or has `people`, by somebody who has thought about it. */
const AGENTS_TOO = [
  'continue',
  'stop',
  'list',
  'watch',
  'status',
  'logs',
  'prune',
  'diff',
  'show',
  'path',
  'wait',
  // It never touches what is there.
  'rescued',
  'queue enqueue',
  'queue list',
  'queue stats',
  'queue-daemon start',
  'queue-daemon status',
  'queue-daemon logs',
  'fleet status',
  'queue-daemon run',
  'notify list',
  'stats',
  'notify send',
  'notify clear',
  'server list',
  'server get',
  'repo list',
  'repo show',
  'config list',
  'config get',
  'env list',
  'env show',
  'completion bash',
  'completion fish',
  'completion zsh',
  'skill show',
  'queue edit',
  'queue explain',
  '__complete',
  '__courier',
  '__runner',
];

test('every command is one that agents may run, or one that is for people', () => {
  const forAgents = commands.filter(({ people }) => people === undefined).map(({ words }) => words);
  expect(forAgents.toSorted()).toEqual(AGENTS_TOO.toSorted());
});

/** What an agent of this name is told when it runs the line; undefined when it may. */
async function refusal(line: string, agent?: string): Promise<string | undefined> {
  const request = await parsedRequest({ out: () => undefined, err: () => undefined }, line.split(' '));
  if (typeof request === 'number') throw new Error(`${line} is no command line`);
  const env = { KUGETSU_RUN_ID: 'r_1', ...(agent === undefined ? {} : { KUGETSU_AGENT: agent }) };
  requireAgentMay({ env: {} }, request);
  try {
    requireAgentMay({ env }, request);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test.each([
  ['init --headless', 'kugetsu init'],
  ['destroy --base -y', 'kugetsu destroy --base'],
  ['destroy --pm-agent', 'kugetsu destroy --pm-agent'],
  ['doctor --fix --json', 'kugetsu doctor --fix'],
  ['doctor --fix-permissions', 'kugetsu doctor --fix-permissions'],
  ['start forge.test/acme/demo#1 more --here', 'kugetsu start --here'],
  ['queue cancel --all-pending', 'kugetsu queue cancel --all-pending'],
  ['queue retry --all-failed', 'kugetsu queue retry --all-failed'],
  ['queue pause', 'kugetsu queue pause'],
  ['queue move q_1 --first', 'kugetsu queue move'],
  ['server default --none', 'kugetsu server default'],
  ['repo set a/b/c setup true', 'kugetsu repo set'],
  ['repo unset a/b/c', 'kugetsu repo unset'],
  ['env set A b pm-agent', 'kugetsu env set'],
  ['env set A b', 'kugetsu env set'],
  ['env rm A default', 'kugetsu env rm'],
  ['env get A pm-agent', 'kugetsu env get'],
])('a development agent may not run %s', async (line, named) => {
  expect(await refusal(line, 'dev-agent')).toContain(`agents may not run ${named}: `);
});

test.each([
  'destroy a/b/c#1 -y',
  'doctor',
  'env set A b dev-agent',
  'env rm A dev-agent',
  'env get A',
  'stop a/b/c#1',
  'start a/b/c#1 x',
])('but %s', async (line) => {
  expect(await refusal(line, 'dev-agent')).toBeUndefined();
});

test('an agent that does not say its name has no variables of its own', async () => {
  expect(await refusal('env set A b dev-agent')).toContain('agents may not run');
  expect(await refusal('env get A default')).toBeUndefined();
});
