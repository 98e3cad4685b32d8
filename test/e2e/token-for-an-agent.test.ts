// Slow: the real opencode takes seconds to start, once for each agent.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leaksIn, tooOpen, underUmask } from '../support/private-home.ts';
import { makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { run, until } from '../support/world.ts';

const REF = 'forge.test/acme/demo#14';
const TOKEN = 'quartz-7391-periwinkle/+';

let real: RealWorld;
beforeAll(async () => {
  real = await makeRealWorld();
});
afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

/** The command lines of all processes of this machine that we may see. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}

test('a token from standard input reaches the tools of an agent, and nothing of kugetsu shows or keeps it', async () => {
  const { world, model } = real;
  const go = join(world.root, 'go');
  model.on(/use the token/, [
    { bash: `echo "it is $DEPLOY_TOKEN"; echo "$DEPLOY_TOKEN" | base64; until [ -e '${go}' ]; do sleep 0.1; done` },
    { text: `The token ${TOKEN} works.` },
  ]);
  const set = ['sh', '-c', 'umask 000; exec "$@"', 'sh', ...world.command, 'env', 'set', 'DEPLOY_TOKEN', '-'];
  expect(await run(set, { cwd: world.project, env: world.env, input: `${TOKEN}\n` })).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  const following = underUmask(world, '000', 'start', REF, 'use the token', '--follow');
  await until('the tool runs', () => commandLines().find((line) => line.includes('until [ -e')));
  expect(commandLines().filter((line) => line.includes(TOKEN))).toEqual([]);
  expect(leaksIn(world.home, (content) => content.includes(TOKEN))).toEqual([]);
  expect(tooOpen(world.home)).toEqual([]);
  writeFileSync(go, '');
  const { code, stdout, stderr } = await following;
  expect({ code, leak: (stdout + stderr).includes(TOKEN) }).toEqual({ code: 0, leak: false });
  expect(stdout).toContain('The token [redacted] works.');
  const told = model.requests.flatMap(({ toolResults }) => toolResults).join('\n');
  expect(told).toContain(`it is ${TOKEN}`);

  for (const command of [
    ['logs', REF],
    ['logs', REF, '--json'],
    ['list', '--json'],
    ['notify', 'list', '--all'],
  ]) {
    const shown = await world.kugetsu(...command);
    expect({ command, code: shown.code, leak: shown.stdout.includes(TOKEN) }).toEqual({
      command,
      code: 0,
      leak: false,
    });
  }
  const encoded = Buffer.from(TOKEN).toString('base64');
  expect(leaksIn(world.home, (content) => content.includes(TOKEN) || content.includes(encoded))).toEqual([]);
  expect(readFileSync(join(world.home, 'env', 'default.env'), 'utf8')).toContain(TOKEN);
  expect(tooOpen(world.home)).toEqual([]);
});
