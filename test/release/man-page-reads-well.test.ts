import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { debianTools } from '../support/debian-tools.ts';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { run } from '../support/world.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'dist', 'kugetsu.1');
const tools = debianTools(['mandoc']);
const MANDOC = tools === undefined ? 'mandoc' : join(tools, 'usr', 'bin', 'mandoc');

test('the manual page that the build makes has no mistake, and says what help says', async () => {
  const world = fakeWorld();
  const options = { cwd: world.project, env: world.env };
  // It has no date: two builds of one commit are to give the same page.
  const lint = (await run([MANDOC, '-T', 'lint', '-W', 'warning', PAGE], options)).stdout.split('\n');
  expect(lint.filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
  const shown = succeeded(await run([MANDOC, '-T', 'utf8', '-O', 'width=200', PAGE], options)).stdout;
  // A letter in bold type is the letter, a backspace, and the letter again.
  // oxlint-disable-next-line no-control-regex
  const text = shown.replaceAll(/.\u0008/g, '').replaceAll(/\s+/g, ' ');
  for (const command of ['start', 'queue list', 'completion']) {
    const help = succeeded(await world.kugetsu(...command.split(' '), '--help')).stdout;
    const examples = help.split('\n').filter((part) => part.startsWith('  kugetsu '));
    // completion has one that begins otherwise, too.
    expect(examples.length).toBeGreaterThan(1);
    for (const line of examples) {
      expect(text).toContain(line.trim().replaceAll(/\s+/g, ' '));
    }
  }
  expect(text).toContain('kugetsu start [options] <issue-ref> <message>');
  expect(readFileSync(PAGE, 'utf8')).not.toContain('__');
});
