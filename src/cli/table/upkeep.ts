import { command, type Entry } from './entry.ts';
import type { Rescued } from '../../domain/rescued/list-rescued.ts';
import { flag, ISSUE_REF, json, letter, WIDE } from './kinds.ts';

const RESCUED_FIELDS = [
  'id',
  'name',
  'issue_ref',
  'kind',
  'saved_at',
  'bytes',
  'subject',
  'repository',
  'ref',
  'commit',
  'form',
  'path',
] as const satisfies readonly (keyof Rescued)[];

/** What removes and brings back. */
export const CLEANUP: readonly Entry[] = [
  command({
    words: 'destroy',
    summary: 'delete the session and the worktree of an issue',
    takes: { ref: { ...ISSUE_REF, kind: 'optional' } },
    options: {
      yes: letter('-y', '--yes', 'do not ask; required without a terminal'),
      base: flag('--base', "delete the base session and the PM agent's"),
      pmAgent: flag('--pm-agent', "delete the PM agent's session"),
    },
    notes:
      'Work that was never pushed or never committed is saved first, and the command that brings it back is printed.',
    examples: [
      'kugetsu destroy github.com/shoko/kugetsu#14',
      'kugetsu destroy --pm-agent -y',
      ['kugetsu destroy --base -y', 'the PM agent goes with it: it depends on the base session'],
    ],
    exits: {
      0: 'destroyed',
      1: 'nothing to destroy, or the answer was no',
      2: 'usage',
      4: 'an agent is at work',
      130: 'the question was interrupted (^C or ^D)',
    },
    people: { why: 'every later agent inherits these sessions', flags: ['base', 'pmAgent'] },
    load: async () => (await import('../commands/destroy.ts')).destroy,
  }),
  command({
    words: 'prune',
    summary: 'show what is no longer used, or delete it',
    options: {
      force: flag('--force', 'delete it; without this, nothing is changed'),
      olderThan: {
        kind: 'value',
        long: '--older-than',
        name: 'days',
        about: 'also issues that have been done for more than this many days',
      },
      merged: flag('--merged', 'also issues that are done and merged upstream'),
      wide: WIDE,
      json: json('print an object with items, bytes and problems', ['items', 'bytes', 'problems']),
    },
    notes: `What counts as unused:
  session files that index.json does not name; what lies in worktrees/ and belongs to no tracked issue; records of
  worktrees that are gone, and branches fix/issue-* (or with a branch_prefix of repos.json) of no tracked issue, in the bare
  repositories; opencode sessions that kugetsu made for this home and no longer needs; leftovers of interrupted writes,
  clones and runs.
With --older-than or --merged, also issues that are done: no run is active, and no task waits for them. With both, both must hold.
  --older-than DAYS  the last run ended more than DAYS days ago
  --merged           the issue's branch has commits of its own, and they are in origin's default branch, which is fetched
                     first: its tip is, or all of its changes are (a squash or a rebase). A branch that was deleted
                     upstream does not count as merged for that reason alone.

Never deleted: the base session, the PM agent, an issue with an active run, rescued/ and what was rescued, your own sessions.
Work that exists nowhere else is saved first, and the command that brings it back is printed.

Columns: kind, name, bytes, reason.`,
    examples: [
      ['kugetsu prune', 'show what can be deleted, why, and how much space it takes'],
      ['kugetsu prune --force', 'show it, and delete exactly that'],
      ['kugetsu prune --merged --older-than 7', 'also issues that were merged and had no run for a week'],
    ],
    exits: {
      0: 'shown or deleted',
      1: 'something could not be examined or deleted',
      2: 'usage',
      3: 'not initialised',
      4: 'with --force: an agent is at work in another container or on another machine, whose processes cannot be seen from here',
    },
    load: async () => (await import('../commands/prune.ts')).prune,
  }),
  command({
    words: 'rescued',
    summary: 'list what was saved before it was removed, or bring it back',
    takes: {
      what: {
        kind: 'optional',
        name: 'what',
        about: 'an issue ref, or an id from the list',
        is: { live: ['issue'] },
      },
    },
    options: {
      apply: flag('--apply', 'bring it back'),
      into: {
        kind: 'value',
        long: '--into',
        name: 'directory',
        about: 'with --apply: into a directory that does not exist yet',
      },
      wide: WIDE,
      json: json('print an array of objects; with --apply an object', RESCUED_FIELDS),
    },
    notes: `The list has, newest first, the refs on which work was saved before a worktree was removed, in every repository of the
home (an id with -branch has the commits of a branch, -git unfinished git operations and commits on no branch, -stash an
entry of the stash, -bytes files as they were on disk, /pushed what was pushed of an issue), and the directories that were
moved to rescued/.

--apply brings one back: into the worktree of its issue, as it was, with what was staged and the commits of its branch, if
that worktree is clean, on its branch, and has no commit that the saved work does not build on; or into a new directory.
A git operation that was in progress, such as a merge, is in progress there again, and kugetsu prints the command that
continues it; a rebase goes on in a new directory only. What was saved stays saved.

Columns: id, saved, issue ref, kind (commit or directory), bytes, subject.`,
    examples: [
      ['kugetsu rescued', 'everything'],
      ['kugetsu rescued github.com/shoko/kugetsu#14', 'what was saved of an issue'],
      ['kugetsu rescued github.com/shoko/kugetsu#14 --apply', 'bring it back, if it is one thing'],
      'kugetsu rescued github.com-shoko-kugetsu-14/20260401T101500000Z --apply --into ~/old',
    ],
    exits: {
      0: 'listed or brought back',
      1: 'something is in the way, or nothing has that id',
      2: 'usage',
      4: 'an agent is at work',
    },
    load: async () => (await import('../commands/rescued.ts')).rescued,
  }),
];

/** What looks at everything. */
export const DOCTOR: readonly Entry[] = [
  command({
    words: 'doctor',
    summary: 'find what is wrong with kugetsu, its home and opencode, and fix it',
    options: {
      fix: flag('--fix', 'fix what is safe to fix, and say what was done'),
      fixPermissions: flag(
        '--fix-permissions',
        'give the sessions the permission rules that an agent without a terminal needs',
      ),
      canary: flag('--canary', 'run an agent from start to end in a throw-away repository'),
      tryOpencode: flag(
        '--try-opencode',
        'try whether the installed opencode does what kugetsu needs, without a model call',
      ),
      model: { kind: 'unset', long: '--no-model', about: 'do not ask the model' },
      json: json('print an object', ['findings', 'repairs', 'permissions', 'canary', 'healthy']),
    },
    notes: `Columns: level (error, warning, info, ok), check, what was found, the command that fixes it.
The model is asked for one word, in a session that is thrown away; --no-model skips that.

--try-opencode does nothing else: it tries the installed opencode with a scripted model on this machine, and with a
database and a configuration that are thrown away. kugetsu runs agents with opencode 2 only after
that very program has passed: after an upgrade of it, try it again. When the shared server of an opencode 1.18 has
passed, agents share one with AGENT_ENGINE=auto.

--fix fixes what is safe: it never touches uncommitted work and deletes no state file (damaged ones become
*.corrupt-TIME). For the rest it says what to do by hand. A second --fix finds nothing more to fix.`,
    examples: [
      'kugetsu doctor',
      'kugetsu doctor --fix',
      ['kugetsu doctor --fix-permissions', 'so that no agent waits for an answer that nobody gives'],
      ['kugetsu doctor --json --no-model', 'for monitoring'],
      ['kugetsu doctor --try-opencode', 'before the first run with an opencode 2, and after each upgrade of it'],
      ['kugetsu doctor --canary', 'a complete start, for real; it costs one short answer of the model'],
    ],
    exits: { 0: 'no error was found (or none is left)', 1: 'errors', 2: 'usage', 130: 'interrupted' },
    people: { why: 'it changes files that other agents work with', flags: ['fix', 'fixPermissions', 'tryOpencode'] },
    load: async () => (await import('../commands/doctor.ts')).doctor,
  }),
];
