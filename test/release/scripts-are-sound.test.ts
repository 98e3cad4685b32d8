// Slow: shellcheck reads every script.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { debianTools } from '../support/debian-tools.ts';
import { run } from '../support/world.ts';

const SCRIPTS = join(import.meta.dirname, '..', '..', 'scripts');

test('shellcheck finds nothing in the shell scripts', async () => {
  const tools = debianTools(['shellcheck']);
  const program = tools === undefined ? 'shellcheck' : join(tools, 'usr', 'bin', 'shellcheck');
  const scripts = readdirSync(SCRIPTS).filter((name) => name.endsWith('.sh'));
  expect(scripts).toContain('sshd-setup.sh');
  const outcome = await run([program, '--enable=quote-safe-variables,check-unassigned-uppercase', ...scripts], {
    cwd: SCRIPTS,
    env: { PATH: process.env['PATH'] ?? '' },
  });
  expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' });
});
