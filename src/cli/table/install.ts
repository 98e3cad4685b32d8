import { SKILL_READERS } from '../../domain/install/skill-readers.ts';
import { command, USUAL, type Entry } from './entry.ts';
import { DRY_RUN, json, SHELLS } from './kinds.ts';

const YOUR_FILES = { why: 'it changes files of the person who runs kugetsu' } as const;
const EXITS = { 0: 'done, or nothing to do', ...USUAL } as const;
const OUTCOME = json('print an object with path, outcome and aside');

const READER = {
  kind: 'value',
  long: '--for',
  name: 'program',
  about: 'whose directory',
  is: { oneOf: SKILL_READERS },
  fallback: 'opencode',
} as const;
const READERS = `Directories, all of which opencode reads:
  opencode  ~/.config/opencode/skills/kugetsu (or under XDG_CONFIG_HOME)
  claude    ~/.claude/skills/kugetsu
  agents    ~/.agents/skills/kugetsu

A file that kugetsu did not install, or that was changed, is moved aside first. Columns: what was done, path.`;

const SHELL = {
  kind: 'optional',
  name: 'shell',
  about: 'the shell; by default the one in SHELL',
  is: { oneOf: SHELLS },
} as const;
const PLACES = `Files:
  bash  ~/.local/share/bash-completion/completions/kugetsu (package bash-completion)
  zsh   ~/.local/share/zsh/site-functions/_kugetsu, whose directory ~/.zshrc has to add to fpath
  fish  ~/.config/fish/completions/kugetsu.fish
XDG_DATA_HOME, XDG_CONFIG_HOME and BASH_COMPLETION_USER_DIR name other places. A file of other origin, or one that was
changed, is moved aside first. Columns: what was done, path.`;

/** What is installed for other programs. */
export const INSTALL: readonly Entry[] = [
  {
    words: 'skill',
    summary: 'teach agents to use kugetsu: install its skill',
    examples: ['kugetsu skill install', 'kugetsu skill show'],
    exits: { 0: 'done', ...USUAL },
  },
  command({
    words: 'skill show',
    summary: 'print the skill',
    examples: ['kugetsu skill show'],
    exits: { 0: 'printed', 2: 'usage' },
    load: async () => (await import('../commands/install-file.ts')).show,
  }),
  command({
    words: 'skill install',
    summary: 'put the skill where agents find it, or update it there',
    options: { for: READER, dryRun: DRY_RUN, json: OUTCOME },
    notes: READERS,
    examples: ['kugetsu skill install', 'kugetsu skill install --for claude --dry-run'],
    exits: EXITS,
    people: YOUR_FILES,
    load: async () => (await import('../commands/install-file.ts')).install,
  }),
  command({
    words: 'skill uninstall',
    summary: 'remove the skill',
    options: { for: READER, dryRun: DRY_RUN, json: OUTCOME },
    notes: READERS,
    examples: ['kugetsu skill uninstall', 'kugetsu skill uninstall --for claude --dry-run'],
    exits: EXITS,
    people: YOUR_FILES,
    load: async () => (await import('../commands/install-file.ts')).uninstall,
  }),
  {
    words: 'completion',
    summary: 'let a shell complete command lines',
    notes:
      'Subcommands, options, issue refs, task ids, servers, env agents and settings are completed from the current state.',
    examples: [
      'kugetsu completion install',
      'kugetsu completion fish',
      ['eval "$(kugetsu completion bash)"', 'for this shell only'],
    ],
    exits: { 0: 'done', ...USUAL },
  },
  ...SHELLS.map((shell) =>
    command({
      words: `completion ${shell}`,
      summary: `print the script for ${shell}`,
      examples: [`kugetsu completion ${shell}`],
      exits: { 0: 'printed', 2: 'usage' },
      load: async () => (await import('../commands/completion.ts')).printScript(shell),
    }),
  ),
  command({
    words: 'completion install',
    summary: 'put the script where the shell finds it, or update it there',
    takes: { shell: SHELL },
    options: { dryRun: DRY_RUN, json: OUTCOME },
    notes: PLACES,
    examples: ['kugetsu completion install', 'kugetsu completion install zsh --dry-run'],
    exits: EXITS,
    people: YOUR_FILES,
    load: async () => (await import('../commands/completion.ts')).install,
  }),
  command({
    words: 'completion uninstall',
    summary: 'remove the script',
    takes: { shell: SHELL },
    options: { dryRun: DRY_RUN, json: OUTCOME },
    notes: PLACES,
    examples: ['kugetsu completion uninstall', 'kugetsu completion uninstall zsh --dry-run'],
    exits: EXITS,
    people: YOUR_FILES,
    load: async () => (await import('../commands/completion.ts')).uninstall,
  }),
];
