import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A setting of git-config(1) by which git runs a program, and how one is put there. */
interface RunningSetting {
  /** As `git help --config` writes it. */
  readonly name: string;
  /** Whether that list leaves it out. */
  readonly unlisted?: boolean;
  /** Settings with which git would run `program`. */
  readonly settings: (program: string) => readonly (readonly [string, string])[];
}

const plain = (name: string, key = name): RunningSetting => ({ name, settings: (program) => [[key, program]] });

/** Every setting that names a program, a file with more settings, or a directory with hooks. */
export const RUNNING_SETTINGS: readonly RunningSetting[] = [
  {
    name: 'alias.*',
    settings: (program) => [
      ['alias.update-ref', `!${program}`],
      ['alias.fetch', `!${program}`],
    ],
  },
  { name: 'alias.*.command', settings: (program) => [['alias.rev-parse.command', `!${program}`]] },
  plain('browser.<tool>.cmd', 'browser.own.cmd'),
  plain('browser.<tool>.path', 'browser.own.path'),
  plain('core.alternateRefsCommand'),
  plain('core.askPass'),
  plain('core.editor'),
  plain('core.fsmonitor'),
  plain('core.gitProxy'),
  { name: 'core.hooksPath', settings: (program) => [['core.hooksPath', `${program}.hooks`]] },
  plain('core.pager'),
  plain('core.sshCommand'),
  { name: 'credential.<url>.*', settings: (program) => [['credential.file:///.helper', `!${program}`]] },
  { name: 'credential.helper', settings: (program) => [['credential.helper', `!${program}`]] },
  { name: 'diff.<driver>.command', settings: (program) => [['diff.own.command', program]] },
  { name: 'diff.<driver>.textconv', settings: (program) => [['diff.own.textconv', program]] },
  plain('diff.external'),
  plain('difftool.<tool>.cmd', 'difftool.own.cmd'),
  plain('difftool.<tool>.path', 'difftool.own.path'),
  plain('filter.<driver>.clean', 'filter.own.clean'),
  plain('filter.<driver>.smudge', 'filter.own.smudge'),
  { ...plain('filter.<driver>.process', 'filter.own.process'), unlisted: true },
  plain('gc.recentObjectsHook'),
  { name: 'gpg.<format>.program', settings: (program) => [['gpg.ssh.program', program]] },
  {
    name: 'gpg.program',
    settings: (program) => [
      ['gpg.program', program],
      ['commit.gpgSign', 'true'],
    ],
  },
  plain('gpg.ssh.defaultKeyCommand'),
  plain('guitool.<name>.cmd', 'guitool.own.cmd'),
  plain('help.browser'),
  {
    name: 'hook.<friendly-name>.command',
    settings: (program) => [
      ['hook.own.command', program],
      ...HOOK_EVENTS.map((event) => ['hook.own.event', event] as const),
    ],
  },
  // It would undo what kugetsu has pinned.
  { name: 'hook.<event>.enabled', settings: () => HOOK_EVENTS.map((event) => [`hook.${event}.enabled`, 'true']) },
  { name: 'hook.<friendly-name>.enabled', settings: () => [['hook.own.enabled', 'true']] },
  plain('imap.tunnel'),
  { name: 'include.path', settings: (program) => [['include.path', `${program}.config`]] },
  { name: 'includeIf.<condition>.path', settings: (program) => [['includeIf.gitdir:/**.path', `${program}.config`]] },
  { name: 'init.templateDir', settings: (program) => [['init.templateDir', `${program}.hooks`]] },
  plain('instaweb.browser'),
  plain('instaweb.httpd'),
  plain('interactive.diffFilter'),
  plain('man.<tool>.cmd', 'man.own.cmd'),
  plain('man.<tool>.path', 'man.own.path'),
  plain('merge.<driver>.driver', 'merge.own.driver'),
  plain('mergetool.<tool>.cmd', 'mergetool.own.cmd'),
  plain('mergetool.<tool>.path', 'mergetool.own.path'),
  {
    name: 'pager.<cmd>',
    settings: (program) => ['config', 'for-each-ref', 'rev-list'].map((name) => [`pager.${name}`, program]),
  },
  plain('remote.<name>.receivepack', 'remote.origin.receivepack'),
  plain('remote.<name>.uploadpack', 'remote.origin.uploadpack'),
  // It names a program `git-remote-…` on PATH.
  { name: 'remote.<name>.vcs', settings: () => [['remote.origin.vcs', 'own']] },
  {
    name: 'remote.<name>.promisor',
    settings: () => [
      ['remote.origin.promisor', 'true'],
      ['extensions.partialClone', 'origin'],
    ],
  },
  plain('sendemail.ccCmd'),
  plain('sendemail.headerCmd'),
  plain('sendemail.smtpServer'),
  plain('sendemail.toCmd'),
  { ...plain('sendemail.sendmailCmd'), unlisted: true },
  plain('sequence.editor'),
  { name: 'submodule.<name>.update', settings: (program) => [['submodule.own.update', `!${program}`]] },
  { ...plain('tar.<format>.command', 'tar.own.command'), unlisted: true },
  plain('trailer.<key-alias>.cmd', 'trailer.own.cmd'),
  plain('trailer.<key-alias>.command', 'trailer.own.command'),
  plain('uploadpack.packObjectsHook'),
  { name: 'protocol.allow', settings: () => [['protocol.allow', 'always']] },
  { name: 'protocol.<name>.allow', settings: () => [['protocol.ext.allow', 'always']] },
  { name: 'url.<base>.insteadOf', settings: (program) => [[`url.ext::${program} .insteadOf`, '/']] },
  { name: 'url.<base>.pushInsteadOf', settings: (program) => [[`url.ext::${program} .pushInsteadOf`, '/']] },
  plain('web.browser'),
];

/** Every event of githooks(5). */
export const HOOK_EVENTS: readonly string[] = [
  'applypatch-msg',
  'pre-applypatch',
  'post-applypatch',
  'pre-commit',
  'pre-merge-commit',
  'prepare-commit-msg',
  'commit-msg',
  'post-commit',
  'pre-rebase',
  'post-checkout',
  'post-merge',
  'pre-push',
  'pre-receive',
  'update',
  'proc-receive',
  'post-receive',
  'post-update',
  'reference-transaction',
  'push-to-checkout',
  'pre-auto-gc',
  'post-rewrite',
  'sendemail-validate',
  'fsmonitor-watchman',
  'p4-changelist',
  'p4-prepare-changelist',
  'p4-post-changelist',
  'p4-pre-submit',
  'post-index-change',
];

/**
 * The settings of which it was decided that git runs nothing for their sake, as `git help --config` writes them. Before you
 * add a new one, read in git-config(1) what it does: what names a program belongs to {@link RUNNING_SETTINGS}.
 */
export function settingsThatRunNothing(): string[] {
  const text = readFileSync(join(import.meta.dirname, 'git-settings-that-run-nothing.txt'), 'utf8');
  return text.split('\n').flatMap((line) => {
    const [section = '', names = ''] = line.split(': ');
    return names === '' ? [] : names.split(' ').map((name) => `${section}.${name}`);
  });
}
