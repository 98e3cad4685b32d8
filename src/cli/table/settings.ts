import { command, USUAL, type Entry } from './entry.ts';
import type { ListedServer } from '../../domain/servers/manage-servers.ts';
import type { ListedSetting } from '../../domain/settings/list-settings.ts';
import { flag, json, WIDE } from './kinds.ts';

const SERVER = {
  kind: 'required',
  name: 'name',
  about: 'its name in kugetsu server list',
  is: { live: ['server'] },
} as const;
const SETTING = { kind: 'required', name: 'key', about: 'the name of the setting', is: { live: ['setting'] } } as const;
const SERVERS_WHY = { why: 'it decides where every agent clones from, and which token goes where' } as const;
const SETTINGS_WHY = { why: 'settings are for every agent and for the queue' } as const;

const SERVER_FIELDS = [
  'name',
  'url',
  'instance',
  'default',
  'token_variable',
] as const satisfies readonly (keyof ListedServer)[];
const SETTING_FIELDS = [
  'key',
  'value',
  'source',
  'origin',
  'default',
  'description',
  'problem',
] as const satisfies readonly (keyof ListedSetting)[];

/** The git servers. */
export const SERVERS: readonly Entry[] = [
  {
    words: 'server',
    summary: 'see and change the git servers',
    notes: 'A ref may name a server by its name or by its host: github/owner/repo#14 is github.com/owner/repo#14.',
    examples: [
      'kugetsu server add github https://github.com',
      'kugetsu server add work https://git.example.com:3000/gitea',
      ['kugetsu server default github', 'owner/repo#14 now means github.com/owner/repo#14'],
      ['kugetsu env set WORK_TOKEN -', 'the token of the server work, read from standard input'],
    ],
    exits: { 0: 'done', 1: 'failed or no such server', 2: 'usage' },
  },
  command({
    words: 'server list',
    isDefault: true,
    summary: 'list the servers',
    options: { wide: WIDE, json: json('print an array of objects', SERVER_FIELDS) },
    notes: "Columns: name, URL, form of its refs, whether it is the default, its token's variable.",
    examples: ['kugetsu server list --json'],
    exits: { 0: 'listed', ...USUAL },
    load: async () => (await import('../commands/server.ts')).list,
  }),
  command({
    words: 'server add',
    summary: 'add a server, under a name of your choice',
    takes: {
      name: { kind: 'required', name: 'name', about: 'letters, digits, dots, hyphens and underscores' },
      url: {
        kind: 'required',
        name: 'url',
        about: 'https://HOST[:PORT][/PREFIX], http://…, ssh://git@HOST, git@HOST: or an absolute path',
      },
    },
    options: { force: flag('--force', 'give an existing server another URL') },
    examples: ['kugetsu server add github https://github.com'],
    exits: { 0: 'the server is there', 1: 'the name has another URL', 2: 'bad name or URL, or a URL with credentials' },
    people: SERVERS_WHY,
    load: async () => (await import('../commands/server.ts')).add,
  }),
  command({
    words: 'server remove',
    summary: 'remove a server; sessions and repositories stay',
    takes: { name: SERVER },
    examples: ['kugetsu server remove work'],
    exits: { 0: 'removed', 1: 'no such server', 2: 'usage' },
    people: SERVERS_WHY,
    load: async () => (await import('../commands/server.ts')).remove,
  }),
  command({
    words: 'server default',
    summary: 'say which server owner/repo#14 means; without a name, print it',
    takes: { name: { ...SERVER, kind: 'optional' } },
    options: { none: flag('--none', 'have no default') },
    examples: ['kugetsu server default github'],
    exits: { 0: 'done', 1: 'no such server, or no default to print', 2: 'usage' },
    people: SERVERS_WHY,
    load: async () => (await import('../commands/server.ts')).defaultTo,
  }),
  command({
    words: 'server get',
    summary: "print a server's URL",
    takes: { name: SERVER },
    options: { json: json('print an object') },
    examples: ['kugetsu server get work'],
    exits: { 0: 'printed', 1: 'no such server', 2: 'usage' },
    load: async () => (await import('../commands/server.ts')).get,
  }),
];

/** The settings. */
export const CONFIG: readonly Entry[] = [
  {
    words: 'config',
    summary: 'see and change the settings',
    notes: 'An environment variable of the same name takes precedence over the file, and the file over the default.',
    examples: [
      'kugetsu config set MAX_CONCURRENT_AGENTS 5',
      'kugetsu config get MAX_CONCURRENT_AGENTS',
      'kugetsu config unset MAX_CONCURRENT_AGENTS',
    ],
    exits: {
      0: 'done',
      1: 'the file or the environment has a mistake',
      2: 'no such setting, or the value is not valid for it',
    },
  },
  command({
    words: 'config list',
    isDefault: true,
    summary: 'list the settings in effect, and what is wrong with any of them',
    options: { wide: WIDE, json: json('print an array of objects', SETTING_FIELDS) },
    notes: 'Columns: setting, value, source (environment, file:LINE, default), description.',
    examples: ['kugetsu config list', 'kugetsu config list --json'],
    exits: {
      0: 'all is well',
      1: 'the file or the environment has a mistake (named on standard error)',
      2: 'usage',
    },
    load: async () => (await import('../commands/config.ts')).list,
  }),
  command({
    words: 'config get',
    summary: 'print the value of a setting that is in effect',
    takes: { key: SETTING },
    options: { json: json('print an object with value, source and default') },
    examples: ['kugetsu config get MAX_CONCURRENT_AGENTS'],
    exits: { 0: 'printed', 1: 'its value or the file has a mistake', 2: 'no such setting' },
    load: async () => (await import('../commands/config.ts')).get,
  }),
  command({
    words: 'config set',
    summary: 'set a setting in the config file; comments and order stay',
    takes: {
      key: SETTING,
      value: {
        kind: 'required',
        name: 'value',
        about: 'its new value; checked before anything is written',
        is: 'text',
      },
    },
    examples: ['kugetsu config set AGENT_TIMEOUT_MINUTES 120'],
    exits: { 0: 'set', 1: 'failed', 2: 'no such setting, or the value is not valid for it' },
    people: SETTINGS_WHY,
    load: async () => (await import('../commands/config.ts')).set,
  }),
  command({
    words: 'config unset',
    summary: 'remove a setting from the config file, so that its default applies',
    takes: { key: { ...SETTING, about: 'its name; a line that names no setting can be removed, too' } },
    examples: ['kugetsu config unset MAX_CONCURRENT_AGENTS'],
    exits: { 0: 'it is no longer set', 1: 'failed', 2: 'no such setting, and not in the file' },
    people: SETTINGS_WHY,
    load: async () => (await import('../commands/config.ts')).unset,
  }),
];
