import { command, USUAL, type Entry } from './entry.ts';
import { json, WIDE } from './kinds.ts';

const VARIABLE = { kind: 'required', name: 'key', about: 'the name of the variable' } as const;
const AGENT = {
  kind: 'optional',
  name: 'agent',
  about: 'default (every agent), pm-agent or dev-agent',
  is: { live: ['agent'] },
  fallback: 'default',
} as const;
const OTHERS_WHY = 'it would change what other agents are given';

/** The environment of agents. */
export const VARIABLES: readonly Entry[] = [
  {
    words: 'env',
    summary: 'see and change the environment variables of agents',
    notes: `PM agents get the variables of default and pm-agent, development agents those of default and dev-agent; the agent's own
take precedence. They are kept in files under ~/.kugetsu/env that only you can read, and reach agents only through their
environment.`,
    examples: [
      ['kugetsu env set GITEA_TOKEN - pm-agent < token.txt', 'a secret, from standard input'],
      ['kugetsu env set NODE_ENV test', 'for every agent'],
      ['kugetsu env show pm-agent', 'secrets are masked'],
      ['kugetsu env get GITEA_TOKEN pm-agent', 'the value as it is'],
      'kugetsu env rm GITEA_TOKEN pm-agent',
    ],
    exits: { 0: 'done', 1: 'failed (no such variable, or a file that does not parse)', 2: 'usage' },
  },
  command({
    words: 'env list',
    summary: 'list the env files',
    options: { wide: WIDE, json: json('print an array of objects', ['agent', 'path', 'variables']) },
    notes: 'Columns: agent, number of variables, path.',
    examples: ['kugetsu env list'],
    exits: { 0: 'listed', 1: 'a file cannot be read', 2: 'usage' },
    load: async () => (await import('../commands/env.ts')).list,
  }),
  command({
    words: 'env show',
    summary: 'show the variables of a file, with secrets masked',
    takes: { agent: AGENT },
    options: { wide: WIDE, json: json('print an array of objects', ['key', 'value', 'masked']) },
    notes: 'A variable counts as secret by its name or by the form of its value.\nColumns: key, value.',
    examples: ['kugetsu env show pm-agent'],
    exits: { 0: 'shown', 1: 'the file does not parse', 2: 'usage' },
    load: async () => (await import('../commands/env.ts')).show,
  }),
  command({
    words: 'env set',
    summary: 'set a variable',
    takes: {
      key: { ...VARIABLE, about: 'letters, digits and _' },
      value: { kind: 'required', name: 'value', about: 'the value; - reads it from standard input', is: 'text' },
      agent: AGENT,
    },
    notes:
      'With -, the value is all of standard input, without one newline at its end. Comments and order of the file stay.',
    examples: [
      'kugetsu env set GITEA_TOKEN - pm-agent < token.txt',
      'printf %s "$token" | kugetsu env set GITEA_TOKEN -',
      ['kugetsu env set -- FLAGS --verbose', 'a value that begins with - goes after --'],
    ],
    exits: { 0: 'set', ...USUAL },
    people: { why: OTHERS_WHY, agent: 'agent' },
    load: async () => (await import('../commands/env.ts')).setEnv,
  }),
  command({
    words: 'env get',
    summary: 'print a value as it is',
    takes: { key: VARIABLE, agent: AGENT },
    options: { json: json('print an object') },
    examples: ['kugetsu env get NODE_ENV'],
    exits: { 0: 'printed, followed by one newline', 1: 'there is no such variable', 2: 'usage' },
    // What is in `default` an agent has already; to change it would change every agent's.
    people: { why: 'it can hold secrets of another agent', agent: 'agent', orOf: 'default' },
    load: async () => (await import('../commands/env.ts')).get,
  }),
  command({
    words: 'env rm',
    summary: 'remove a variable',
    takes: { key: VARIABLE, agent: AGENT },
    examples: ['kugetsu env rm GITEA_TOKEN pm-agent'],
    exits: { 0: 'removed', 1: 'there is no such variable', 2: 'usage' },
    people: { why: OTHERS_WHY, agent: 'agent' },
    load: async () => (await import('../commands/env.ts')).rm,
  }),
];
