import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { BUNDLE, calledBy, run } from '../support/world.ts';

const CASES = [
  [['skill', 'install'], '.config/opencode/skills/kugetsu/SKILL.md'],
  [['skill', 'install', '--for', 'claude'], '.claude/skills/kugetsu/SKILL.md'],
  [['skill', 'install', '--for', 'agents'], '.agents/skills/kugetsu/SKILL.md'],
  [['completion', 'install', 'bash'], '.local/share/bash-completion/completions/kugetsu'],
  [['completion', 'install', 'zsh'], '.local/share/zsh/site-functions/_kugetsu'],
  [['completion', 'install', 'fish'], '.config/fish/completions/kugetsu.fish'],
] as const;

test.each(CASES)(
  '%j: installed once, kept up to date, never over what is not its own, and taken away',
  async (args, at) => {
    const world = fakeWorld();
    const path = join(world.userHome, at);
    const answer = async (...words: readonly string[]): Promise<{ outcome: string; aside: string | null }> => {
      const { stdout } = succeeded(await world.kugetsu(...words, '--json'));
      const {
        path: told,
        outcome,
        aside,
      } = JSON.parse(stdout) as { path: string; outcome: string; aside: string | null };
      expect(told).toBe(path);
      return { outcome, aside };
    };
    const uninstall = args.map((word) => (word === 'install' ? 'uninstall' : word));
    expect(await answer(...args, '--dry-run')).toEqual({ outcome: 'installed', aside: null });
    expect(existsSync(path)).toBe(false);
    expect(await answer(...args)).toEqual({ outcome: 'installed', aside: null });
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(await answer(...args)).toEqual({ outcome: 'unchanged', aside: null });
    const installed = readFileSync(path, 'utf8');
    // What somebody has changed is kept, and so is what was never from here.
    writeFileSync(path, `${installed}mine\n`);
    expect(await answer(...uninstall)).toEqual({ outcome: 'kept', aside: null });
    const { outcome, aside } = await answer(...args);
    expect(outcome).toBe('installed');
    expect(readFileSync(aside ?? '', 'utf8')).toBe(`${installed}mine\n`);
    expect(aside).toMatch(/\.before-kugetsu-\S+~$/);
    expect(readFileSync(path, 'utf8')).toBe(installed);
    expect(await answer(...uninstall, '--dry-run')).toEqual({ outcome: 'removed', aside: null });
    expect(await answer(...uninstall)).toEqual({ outcome: 'removed', aside: null });
    expect(existsSync(path)).toBe(false);
    expect(await answer(...uninstall)).toEqual({ outcome: 'absent', aside: null });
  },
);

test('what an older version has installed is brought up to date without a word', async () => {
  const world = fakeWorld();
  succeeded(await world.kugetsu('skill', 'install'));
  const path = join(world.userHome, CASES[0][1]);
  // An older version knew another text, and marked it with the sum of that.
  const older = 'old\n';
  const sum = (await run(['sha256sum'], { cwd: world.root, env: world.env, input: older })).stdout.slice(0, 64);
  writeFileSync(path, `${older}<!-- Installed by kugetsu; sha256 ${sum} -->\n`);
  const { stdout, stderr } = succeeded(await world.kugetsu('skill', 'install'));
  expect({ stdout, stderr }).toEqual({ stdout: `updated\t${path}\n`, stderr: '' });
  expect(readdirSync(dirname(path))).toEqual(['SKILL.md']);
});

test('a directory in its place is named, and stays; an unknown shell is a usage error', async () => {
  const world = fakeWorld({ SHELL: '/bin/tcsh' });
  const path = join(world.userHome, CASES[0][1]);
  mkdirSync(path, { recursive: true });
  const { code, stderr } = await world.kugetsu('skill', 'install');
  expect(stderr).toContain(`${path} is in the way`);
  expect(code).toBe(1);
  expect(await world.kugetsu('completion', 'install')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('name one: bash, zsh, fish'),
  });
  expect((await world.kugetsu('completion', 'tcsh')).code).toBe(2);
  const zsh = await world.withEnv({ SHELL: '/usr/bin/zsh' }).kugetsu('completion', 'install');
  expect(succeeded(zsh).stderr).toContain('before compinit in ~/.zshrc');
});

test('the bundle for Node has the skill and the scripts in it', async () => {
  const world = fakeWorld();
  const bundle = calledBy(world, BUNDLE);
  for (const args of [
    ['skill', 'show'],
    ['completion', 'zsh'],
  ]) {
    expect(succeeded(await bundle.kugetsu(...args)).stdout).toBe((await world.kugetsu(...args)).stdout);
  }
});
