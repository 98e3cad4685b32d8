import { command, USUAL, type Entry } from './entry.ts';
import { json, WIDE } from './kinds.ts';

const REPOSITORY = {
  kind: 'required',
  name: 'repository',
  about: 'host/owner/repo, or owner/repo on the default server; or the ref of one issue',
  is: { live: ['repository'] },
} as const;
const KEY = {
  kind: 'required',
  name: 'key',
  about: 'the name of the setting',
  is: { live: ['repository_setting'] },
} as const;
const WHY = { why: 'it decides what is run for other agents, and which files they get' } as const;

/** The settings of repositories. */
export const REPOSITORIES: readonly Entry[] = [
  {
    words: 'repo',
    summary: 'see and change the settings of a repository',
    notes: `They are kept in ~/.kugetsu/repos.json:

  url            where it is cloned from
  checkout       the directory from which new worktrees get files that git ignores
  copy           which files those are: patterns as in .gitignore
  setup          a shell command that runs in a new worktree before the agent
  check          a shell command that runs when the agent says that it is done
  done_when      when the agent is done: replied, committed or pushed
  base_branch    the branch from which work begins
  branch_prefix  how the names of the issues' branches begin, in place of fix/
  model          the model of its agents
  engine         where its agents of opencode 1 work: auto, process or server`,
    examples: [
      "kugetsu repo set github.com/owner/repo setup 'npm ci'",
      "kugetsu repo set github.com/owner/repo copy .env 'packages/*/.env'",
      'kugetsu repo show github.com/owner/repo',
      'kugetsu repo unset github.com/owner/repo setup',
    ],
    exits: { 0: 'done', 1: 'failed, or repos.json has a mistake', 2: 'usage' },
  },
  command({
    words: 'repo list',
    isDefault: true,
    summary: 'list the repositories that have settings, and what is wrong with any',
    options: { wide: WIDE, json: json('print an array of objects', ['repository', 'settings', 'problems']) },
    notes: 'Columns: repository, names of its settings.',
    examples: ['kugetsu repo list', 'kugetsu repo list --json'],
    exits: { 0: 'all is well', 1: 'repos.json has a mistake (named on standard error)', 2: 'usage' },
    load: async () => (await import('../commands/repo.ts')).list,
  }),
  command({
    words: 'repo show',
    summary: 'show the settings of a repository, or print one',
    takes: { repository: REPOSITORY, key: { ...KEY, kind: 'optional' } },
    options: { wide: WIDE, json: json('print an object') },
    notes: 'Columns: setting, value, the key of repos.json that sets it. Credentials in a URL are not shown.',
    examples: ['kugetsu repo show github.com/owner/repo', 'kugetsu repo show github.com/owner/repo setup'],
    exits: { 0: 'shown', 1: 'it has a mistake (named on standard error), or that setting is not set', 2: 'usage' },
    load: async () => (await import('../commands/repo.ts')).show,
  }),
  command({
    words: 'repo set',
    summary: 'set a setting of a repository; whatever else is in the file stays',
    takes: {
      repository: REPOSITORY,
      key: KEY,
      value: {
        kind: 'rest',
        name: 'value',
        about: 'its new value, several for copy; - reads it from standard input, for copy a pattern per line',
        is: 'text',
      },
    },
    examples: [
      "kugetsu repo set github.com/owner/repo setup 'npm ci'",
      "kugetsu repo set github.com/owner/repo copy .env 'packages/*/.env'",
      'kugetsu repo set github.com/owner/repo checkout ~/repo',
      ['kugetsu repo set github.com/owner/repo setup - < setup.sh', 'a script of several lines'],
    ],
    exits: { 0: 'set', 1: 'failed', 2: 'no such setting, or the value is not valid for it' },
    people: WHY,
    load: async () => (await import('../commands/repo.ts')).set,
  }),
  command({
    words: 'repo unset',
    summary: 'remove a setting of a repository, or without a key all of them',
    takes: { repository: REPOSITORY, key: { ...KEY, kind: 'optional' } },
    notes: 'A key of repos.json that means nothing, and one inside that is no setting, can be removed, too.',
    examples: ['kugetsu repo unset github.com/owner/repo setup', 'kugetsu repo unset github.com/owner/repo'],
    exits: { 0: 'it is no longer set', ...USUAL },
    people: WHY,
    load: async () => (await import('../commands/repo.ts')).unset,
  }),
];
