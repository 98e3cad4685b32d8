// Slow: a start for each setting, with both gits.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { isHonoured, PINNED_SETTINGS } from '../../src/adapters/git/git-environment.ts';
import {
  issue,
  readyWorld,
  REF,
  REPOSITORY,
  repositoryOf,
  succeeded,
  verdictOf,
  waysBack,
  worktreeOf,
} from '../support/fake-world.ts';
import { newestManual, otherGit, type OtherGit } from '../support/gits.ts';
import { gitIn, makeRemote, mapRepositories, run, type World } from '../support/world.ts';

// They are fetched once, over a network that may be slow.
beforeAll(() => {
  otherGit('oldest');
  otherGit('newest');
}, 900_000);

interface Row {
  readonly decision: string;
  readonly names: readonly string[];
}

/** The table of docs/reliability.md. */
function decisions(): Row[] {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reliability.md'), 'utf8');
  const table = text.split("| of git's | decision | names |\n")[1]?.split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, , decision = '', names = '']) => ({
      decision,
      names: [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    }));
}

/** The decisions on a name, by its own name, or else by the groups that have it. */
function decisionsOn(name: string): string[] {
  const rows = decisions();
  const own = rows.filter(({ names }) => names.includes(name));
  const groups = rows.filter(({ names }) =>
    names.some((each) => each.endsWith('*') && name.startsWith(each.slice(0, -1))),
  );
  return (own.length > 0 ? own : groups).map(({ decision }) => decision);
}

describe("the table of git's settings and variables", () => {
  test('decides every variable of git(1) once, as kugetsu does', () => {
    const page = newestManual('git.1');
    // In its section each is on a line of its own, in bold, or beside its like.
    const section = page.split('.SH "ENVIRONMENT VARIABLES"')[1]?.split('\n.SH ')[0] ?? '';
    const lines = section.split('\n').filter((line) => /^\\fB[A-Z][A-Z0-9_]+\\fR(?:, \\fB[A-Z0-9_]+\\fR)*$/.test(line));
    const variables = [
      ...new Set(lines.flatMap((line) => [...line.matchAll(/\\fB(\w+)\\fR/g)].map(([, name = '']) => name))),
    ];
    expect(variables.length).toBeGreaterThan(60);
    const wrong = variables.filter((name) => {
      const [decision, ...more] = decisionsOn(name);
      if (decision === undefined || more.length > 0) return true;
      return name.startsWith('GIT_') && (decision === 'honoured') !== isHonoured(name);
    });
    expect(wrong).toEqual([]);
  });

  test('decides every section of the settings of the newest git once', () => {
    const git = join(otherGit('newest'), 'git');
    const sections = execFileSync(git, ['help', '-c'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => /^[a-z][\w:-]*\./i.test(line))
      .map((line) => `${line.split('.')[0] ?? ''}.*`);
    expect(new Set(sections).size).toBeGreaterThan(80);
    expect([...new Set(sections)].filter((section) => decisionsOn(section).length !== 1)).toEqual([]);
  });

  test('names every setting that is pinned, and each as pinned', () => {
    const names = PINNED_SETTINGS.map((setting) => setting.replace(/=.*/, ''));
    expect(names.filter((name) => !decisionsOn(name).includes('pinned'))).toEqual([]);
  });
});

/** Settings of a user's, each of which once broke a start, or would break what comes after it. */
const SETTINGS: readonly (readonly [string, string])[] = [
  ['safe.bareRepository', 'explicit'],
  ['init.defaultRefFormat', 'reftable'],
  ['init.defaultObjectFormat', 'sha256'],
  ['init.defaultSubmodulePathConfig', 'true'],
  ['feature.experimental', 'true'],
  ['index.version', '4'],
  ['core.untrackedCache', 'true'],
  ['worktree.useRelativePaths', 'true'],
  ['core.splitIndex', 'true'],
  ['core.sharedRepository', 'group'],
  ['core.logAllRefUpdates', 'always'],
  ['core.quotePath', 'false'],
  ['core.abbrev', '5'],
  ['extensions.worktreeConfig', 'true'],
  ['index.sparse', 'true'],
  ['checkout.workers', '4'],
  ['fetch.all', 'true'],
  ['fetch.prune', 'true'],
  ['fetch.pruneTags', 'true'],
  ['fetch.writeCommitGraph', 'true'],
  ['fetch.fsckObjects', 'true'],
  ['remote.origin.pruneTags', 'true'],
  ['remote.origin.fetch', '+refs/pull/*/head:refs/remotes/origin/pr/*'],
  ['branch.autoSetupMerge', 'always'],
  ['color.ui', 'always'],
  ['status.showUntrackedFiles', 'no'],
  ['status.relativePaths', 'true'],
  ['diff.external', 'false'],
  ['log.showSignature', 'true'],
  ['commit.gpgSign', 'true'],
  ['gpg.program', 'false'],
  ['user.useConfigOnly', 'true'],
  ['protocol.version', '0'],
  ['rerere.enabled', 'true'],
  ['submodule.recurse', 'true'],
  ['push.default', 'nothing'],
  ['core.lockfilePid', 'true'],
];

/** Variables that are kept out of kugetsu's own git, with values that would send it elsewhere. */
const VARIABLES: Readonly<Record<string, string>> = {
  GIT_DIR: '/nonexistent',
  GIT_WORK_TREE: '/nonexistent',
  GIT_INDEX_FILE: '/nonexistent/index',
  GIT_OBJECT_DIRECTORY: '/nonexistent/objects',
  GIT_COMMON_DIR: '/nonexistent',
  GIT_NAMESPACE: 'elsewhere',
  GIT_DEFAULT_HASH: 'sha256',
  GIT_DEFAULT_REF_FORMAT: 'reftable',
  GIT_REFERENCE_BACKEND: 'reftable:///nonexistent',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_TRACE: '1',
  GIT_CEILING_DIRECTORIES: '/',
  GIT_SSL_CAINFO: '/nonexistent',
  GIT_LFS_SKIP_SMUDGE: '1',
};

function withGit(world: World, which: OtherGit): World {
  return world.withEnv({ PATH: `${otherGit(which)}:${world.env['PATH'] ?? ''}` });
}

// A start, a continue, a start over what was left and its way back, with two gits.
test.each<OtherGit>(['oldest', 'newest'])(
  'none of these settings and variables breaks a start or the way back of its work, with the %s git',
  async (which) => {
    const ready = await readyWorld();
    const hook = join(ready.root, 'hook');
    writeFileSync(hook, `#!/bin/sh\necho "$0 $*" >> '${join(ready.root, 'hooked')}'\n`);
    chmodSync(hook, 0o755);
    const hooks = ['reference-transaction', 'post-checkout', 'post-index-change'].map(
      (event) => `\tevent = ${event}\n`,
    );
    const lines = SETTINGS.map(([key, value]) => {
      const [, section = '', sub, name = ''] = /^([^.]+)\.(?:(.+)\.)?([^.]+)$/.exec(key) ?? [];
      return `[${section}${sub === undefined ? '' : ` "${sub}"`}]\n\t${name} = "${value}"\n`;
    });
    const config = join(ready.userHome, '.gitconfig');
    const user = readFileSync(config, 'utf8');
    writeFileSync(config, `${user}${lines.join('')}[hook "own"]\n\tcommand = ${hook}\n${hooks.join('')}`);
    // The URL leads nowhere but for a setting that comes by the environment.
    mapRepositories(ready, { [REPOSITORY]: 'https://forge.invalid/acme/demo.git' });
    const world = withGit(ready, which).withEnv({
      ...VARIABLES,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${join(ready.root, 'remotes')}/.insteadOf`,
      GIT_CONFIG_VALUE_0: 'https://forge.invalid/acme/',
    });
    const work = 'echo precious > work.txt && git add work.txt && git status --porcelain';
    succeeded(await world.kugetsu('start', REF, `fake: sh ${work} > said.txt && git tag kept`, '--follow'));
    expect(await verdictOf(world)).toMatchObject({ class: 'ok', evidence: { uncommitted_files: 2 } });
    succeeded(await world.kugetsu('continue', REF, 'fake: sh git status --porcelain > again.txt', '--follow'));
    expect(readFileSync(join(worktreeOf(world), 'again.txt'), 'utf8')).toContain('A  work.txt');
    const [way = ''] = waysBack(succeeded(await world.kugetsu('start', REF, 'once more')));
    expect((await verdictOf(world)).class).toBe('ok');
    const { PATH: path = '' } = world.env;
    // The agent's own git may run its user's hooks; what runs here is kugetsu's.
    const byHand: World = { ...ready, env: { ...ready.env, PATH: path } };
    succeeded(await run(['sh', '-c', way], { cwd: world.project, env: byHand.env }));
    expect(readFileSync(join(/ --detach (\S+) /.exec(way)?.[1] ?? '', 'work.txt'), 'utf8')).toBe('precious\n');
    const repository = repositoryOf(world);
    expect(readFileSync(join(repository, 'config'), 'utf8')).not.toMatch(/refstorage|objectformat/i);
    expect(existsSync(join(repository, 'reftable'))).toBe(false);
    expect(await gitIn(byHand, ready.root, '--git-dir', repository, 'tag')).toBe('kept');
    succeeded(await world.kugetsu('destroy', REF, '-y'));
    expect(existsSync(worktreeOf(world))).toBe(false);
  },
);

// A world of its own, as the hooks are in the user's settings from the first clone on: more than 5 s beside other work.
test('hooks that the configuration names run in no git of kugetsu itself', async () => {
  const world = withGit(await readyWorld(), 'newest');
  const hooked = join(world.root, 'hooked');
  const events = ['reference-transaction', 'post-checkout', 'post-index-change'];
  const lines = events.map((event) => `\tevent = ${event}\n`).join('');
  const config = join(world.userHome, '.gitconfig');
  writeFileSync(config, `${readFileSync(config, 'utf8')}[hook "own"]\n\tcommand = echo >> '${hooked}' #\n${lines}`);
  // The trap works.
  const checkout = join(world.root, 'checkouts', 'demo');
  await gitIn(world, checkout, 'checkout', '--quiet', '-b', 'other');
  expect(existsSync(hooked)).toBe(true);
  execFileSync('rm', [hooked]);
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo precious > work.txt', '--follow'));
  succeeded(await world.kugetsu('destroy', REF, '-y'));
  expect(existsSync(hooked)).toBe(false);
});

// Two starts, because only the second one saves what the first one left: more than 5 s beside other work.
test('an upstream whose objects have SHA-256 names is worked on as any other', async () => {
  const world = await readyWorld();
  const sha256 = world.withEnv({ GIT_DEFAULT_HASH: 'sha256' });
  const remote = await makeRemote(sha256, 'sha256', { 'README.md': '# sha256\n' });
  mapRepositories(world, { [REPOSITORY]: remote });
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo precious > work.txt', '--follow'));
  const [way = ''] = waysBack(succeeded(await world.kugetsu('start', REF, 'again')));
  expect((await verdictOf(world)).class).toBe('ok');
  const ref = way.split(' ').at(-1) ?? '';
  expect(await gitIn(world, world.root, '--git-dir', repositoryOf(world), 'show', `${ref}:work.txt`)).toBe('precious');
  expect(await gitIn(world, worktreeOf(world), 'rev-parse', 'HEAD')).toHaveLength(64);
});

// A start and a doctor: more than 5 s beside other work.
test('a git that is too old is named, before anything is made', async () => {
  const world = await readyWorld();
  const old = join(world.root, 'old');
  execFileSync('mkdir', [old]);
  writeFileSync(join(old, 'git'), '#!/bin/sh\necho "git version 2.30.2"\n', { mode: 0o755 });
  const withOld = world.withEnv({ PATH: `${old}:${world.env['PATH'] ?? ''}` });
  const { code, stderr } = await withOld.kugetsu('start', issue(7), 'hello');
  expect(code).not.toBe(0);
  expect(stderr).toContain('git 2.30.2 is older than 2.34.0');
  expect((await withOld.kugetsu('doctor')).stdout).toContain('git 2.30.2 is older than 2.34.0');
});
