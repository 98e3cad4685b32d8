// Slow: the real opencode takes seconds to start, three times.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeRealWorld } from '../support/real-world.ts';
import { BINARY, makeWorld, REAL_OPENCODE, run } from '../support/world.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'kugetsu-install.sh');

interface Skill {
  readonly name: string;
  readonly description: string;
  readonly location: string;
}

test('what the installer puts in place, opencode lists as a skill', async () => {
  const world = makeWorld({ opencode: REAL_OPENCODE });
  try {
    const options = { cwd: world.project, env: world.env };
    const prefix = join(world.userHome, '.local');
    const installed = await run(['bash', SCRIPT, '--binary', BINARY[0] ?? '', '--prefix', prefix], options);
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    expect(installed.stdout).not.toContain('opencode is');
    const { stdout } = await run([REAL_OPENCODE, 'debug', 'skill'], options);
    const skill = (JSON.parse(stdout) as Skill[]).find(({ name }) => name === 'kugetsu');
    expect(skill).toMatchObject({
      description: expect.stringContaining('Use when'),
      location: join(world.userHome, '.config/opencode/skills/kugetsu/SKILL.md'),
    });
  } finally {
    expect(await world.destroy()).toEqual([]);
  }
});

// The real opencode is started for each of init, the fork and the run.
test('a development agent is not offered the skill that the user has, nor can it load it', async () => {
  const real = await makeRealWorld();
  const { world, model } = real;
  onTestFinished(async () => {
    expect(await real.destroy()).toEqual([]);
  });
  for (const name of ['kugetsu', 'other']) {
    const directory = join(world.userHome, '.config', 'opencode', 'skills', name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'SKILL.md'), `---\nname: ${name}\ndescription: zebra-${name} things\n---\nHello.\n`);
  }
  model.on(/load the skill/, [{ tool: 'skill', input: { name: 'kugetsu' } }, { text: 'Tried.' }]);
  const started = await world.kugetsu('start', 'forge.test/acme/demo#1', 'load the skill', '--follow');
  expect(model.requests.length).toBeGreaterThan(1);
  for (const { body } of model.requests)
    expect([/zebra-kugetsu/.test(body), /zebra-other/.test(body)]).toEqual([false, true]);
  expect(model.requests.at(-1)?.toolResults.join()).not.toContain('Hello.');
  expect(started.stdout).toContain('Tried.');
});
