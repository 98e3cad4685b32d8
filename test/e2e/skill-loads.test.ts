import { join } from 'node:path';
import { expect, test } from 'vitest';
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
