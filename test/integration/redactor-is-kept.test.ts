import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { redactorOf } from '../../src/domain/agent-env/redactor.ts';
import { homeAt, type Home } from '../../src/domain/home.ts';

function makeHome(): Home {
  const root = mkdtempSync(join(tmpdir(), 'kugetsu-redactor-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'env'));
  return homeAt(root);
}

test('the redactor is made once, and again after each change of a file that may hold a secret', async () => {
  const home = makeHome();
  const env = { HOME: home.root, API_TOKEN: 'of-the-caller' };
  const told = async (text: string): Promise<string> => (await redactorOf({ home, env })).text(text);
  const first = await redactorOf({ home, env });
  expect(await redactorOf({ home, env })).toBe(first);

  const file = join(home.agentEnv, 'default.env');
  const secrets = ['the-first-one', 'the-second-it', 'another-third'];
  for (const secret of secrets) {
    expect(await told(secret)).toBe(secret);
    writeFileSync(`${file}.new`, `A_TOKEN=${secret}\n`);
    renameSync(`${file}.new`, file);
    expect(await told(`${secret} of-the-caller`)).toBe('[redacted] [redacted]');
  }
  expect(await redactorOf({ home, env })).toBe(await redactorOf({ home, env }));

  writeFileSync(join(home.agentEnv, 'pm-agent.env'), 'B_TOKEN=in-a-new-file\n');
  writeFileSync(home.reposFile, JSON.stringify({ 'a.test/b/c': 'https://me:in-an-address@a.test/b/c' }));
  expect(await told('in-a-new-file in-an-address')).toBe('[redacted] [redacted]');
  mkdirSync(join(home.root, 'queue'));
  writeFileSync(home.fleet, JSON.stringify({ url: 'postgres://me:of%21the-fleet@db.test/kugetsu' }));
  expect(await told('of%21the-fleet of!the-fleet')).toBe('[redacted] [redacted]');
  rmSync(file);
  expect(await told(secrets.join(' '))).toBe(secrets.join(' '));
});

test('another environment or another home has a redactor of its own', async () => {
  const [home, other] = [makeHome(), makeHome()];
  const env = { HOME: home.root, API_TOKEN: 'of-the-caller' };
  writeFileSync(join(home.agentEnv, 'default.env'), 'A_TOKEN=of-this-home\n');
  expect((await redactorOf({ home, env })).text('of-this-home of-the-caller')).toBe('[redacted] [redacted]');
  expect((await redactorOf({ home: other, env })).text('of-this-home of-the-caller')).toBe('of-this-home [redacted]');
  expect((await redactorOf({ home, env: { HOME: home.root } })).text('of-this-home of-the-caller')).toBe(
    '[redacted] of-the-caller',
  );
});
