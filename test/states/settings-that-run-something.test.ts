// Slow: a start for each setting that could run something.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { examineRepository } from '../../src/adapters/git/shared/examine.ts';
import { restoreForRun } from '../../src/domain/worktrees/repository.ts';
import { issue, repositoryOf, worktreeOf } from '../support/fake-world.ts';
import { HOOK_EVENTS, RUNNING_SETTINGS, settingsThatRunNothing } from '../support/git-settings.ts';
import { newestManual, otherGit, type OtherGit } from '../support/gits.ts';
import { inWorktree, sharedRepository } from '../support/shared-repository.ts';
import { gitIn, type World } from '../support/world.ts';

// They are fetched once, over a network that may be slow.
beforeAll(() => {
  otherGit('oldest');
  otherGit('newest');
}, 900_000);

test('of every setting of the newest git it was decided whether it runs something', () => {
  const listed = execFileSync(join(otherGit('newest'), 'git'), ['help', '--config'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /^\w[^\s']*\.\S+$/.test(line));
  expect(listed.length).toBeGreaterThan(900);
  const nothing = settingsThatRunNothing();
  const something = RUNNING_SETTINGS.map(({ name }) => name);
  expect(nothing.filter((name) => something.includes(name))).toEqual([]);
  const decided = new Set([...nothing, ...something]);
  expect(listed.filter((name) => !decided.has(name))).toEqual([]);
  const unlisted = RUNNING_SETTINGS.filter((setting) => setting.unlisted === true).map(({ name }) => name);
  expect([...decided].filter((name) => !listed.includes(name)).toSorted()).toEqual(unlisted.toSorted());
});

test('of every hook of the newest git it is known when it is run', () => {
  const page = newestManual('githooks.5').split('.SH "HOOKS"')[1] ?? '';
  const events = [...page.matchAll(/^\.SS "([a-z0-9\\-]+)"$/gm)].map(([, name = '']) => name.replaceAll('\\', ''));
  expect(events.toSorted()).toEqual([...HOOK_EVENTS].toSorted());
});

interface Traps {
  /** The settings in the form of a file. */
  readonly config: string;
  /** The directory with a program for each hook. */
  readonly hooks: string;
  /** Names of the programs that ran since the last look. */
  readonly sprung: () => string[];
}

/** A program for each setting that runs one; each says that it ran, and has no other effect. */
function setTraps(world: World): Traps {
  const place = join(world.root, 'traps');
  const log = join(world.root, 'sprung');
  mkdirSync(place);
  const program = join(place, 'trap');
  writeFileSync(program, `#!/bin/sh\necho "\${0##*/}" >> '${log}'\nexit 0\n`);
  chmodSync(program, 0o755);
  const hooks = join(place, 'all.hooks');
  mkdirSync(join(hooks, 'hooks'), { recursive: true });
  for (const event of HOOK_EVENTS) {
    symlinkSync(program, join(hooks, event));
    symlinkSync(program, join(hooks, 'hooks', event));
  }
  const lines = RUNNING_SETTINGS.flatMap(({ name, settings }) => {
    const own = join(place, name.replaceAll(/[^A-Za-z]+/g, '-'));
    symlinkSync(program, own);
    symlinkSync(hooks, `${own}.hooks`);
    writeFileSync(`${own}.config`, `[core]\n\tfsmonitor = ${own}\n`);
    return settings(own).map(([key, value]) => {
      const [section = '', ...rest] = key.split('.');
      const last = rest.pop() ?? '';
      const sub = rest.length > 0 ? ` "${rest.join('.')}"` : '';
      return `[${section}${sub}]\n\t${last} = "${value}"\n`;
    });
  });
  return {
    config: lines.join(''),
    hooks,
    sprung: () => {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
      rmSync(log, { force: true });
      return [...new Set(text.split('\n').filter((line) => line !== ''))];
    },
  };
}

// Two repositories with two worktrees, and a git that is started by its own loader: more than 5 s beside other work.
test.each<OtherGit>(['oldest', 'newest'])(
  "no setting, hook or attribute that an agent has put into its repository runs in kugetsu's own git, with the %s git",
  async (which) => {
    const path = `${otherGit(which)}:${process.env['PATH'] ?? ''}`;
    const repository = await sharedRepository({ PATH: path });
    const { world, context, start, destroy } = repository;
    await start(1);
    await start(2);
    const traps = setTraps(world);
    const shared = repositoryOf(world);
    let planted = 0;
    const plant = (): void => {
      planted += 1;
      appendFileSync(join(shared, 'config'), traps.config);
      for (const number of [1, 2]) {
        const metadata = /gitdir: (.*)/.exec(readFileSync(join(worktreeOf(world, issue(number)), '.git'), 'utf8'))?.[1];
        writeFileSync(join(metadata ?? '', 'config.worktree'), traps.config);
        writeFileSync(join(worktreeOf(world, issue(number)), 'greeting.txt'), `precious ${planted}\n`);
      }
      rmSync(join(shared, 'hooks'), { recursive: true, force: true });
      symlinkSync(traps.hooks, join(shared, 'hooks'));
      mkdirSync(join(shared, 'info'), { recursive: true });
      writeFileSync(join(shared, 'info', 'attributes'), '* filter=own diff=own merge=own\n');
    };
    plant();
    // They work: git by itself runs into them.
    await inWorktree(repository, 1, 'git status; git update-ref refs/heads/x HEAD; git add --all; git diff').catch(
      () => undefined,
    );
    const sprung = traps.sprung();
    expect(sprung.length).toBeGreaterThan(0);
    if (which === 'newest') expect(sprung).toContain('hook-friendly-name-command');
    await examineRepository(shared, context.env);
    await start(2);
    plant();
    await start(1);
    plant();
    await restoreForRun(context, shared);
    plant();
    await destroy(1);
    await destroy(2);
    expect(traps.sprung()).toEqual([]);
    const refs = await gitIn(
      { ...world, env: { ...world.env, GIT_DIR: join(shared, 'kugetsu-git') } },
      world.root,
      'for-each-ref',
      '--format=%(refname)',
      'refs/kugetsu/rescue',
    );
    expect(refs.split('\n').length).toBeGreaterThanOrEqual(4);
  },
);
