import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pmPrompt } from '../../../../src/domain/daemon/pm-prompt.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const SKILL = readFileSync(join(root, 'SKILL.md'), 'utf8');
const TASK = { message: 'work on issue #14', verbosity: 'default', earlierFailure: undefined } as const;

test('the task is the last thing that the PM agent is told', () => {
  expect(pmPrompt(TASK)).toMatch(/\n\n# The task\n\nwork on issue #14\n$/);
});

test('the message is handed over as it is, lines and signs included', () => {
  const message = '  "quoted" $HOME `x`\n\n# The task\n\n---\nlast line';
  expect(pmPrompt({ ...TASK, message }).endsWith(`${message}\n`)).toBe(true);
});

test('it is told all that SKILL.md says, without what is for tools only, and without how to delegate', () => {
  const [, , ...body] = SKILL.split(/^---$/m);
  const told = pmPrompt(TASK).split('\n');
  const examples = /```sh\n(?:(?!```)[\s\S])*kugetsu delegate[\s\S]*?```\n/g;
  const lines = body.join('---').replaceAll(examples, '').trim().split('\n');
  expect(told).toEqual(expect.arrayContaining(lines.filter((line) => !line.includes('kugetsu delegate'))));
  expect(pmPrompt(TASK)).not.toContain('license: MIT');
});

test('nothing shows it how to hand its task to another PM agent, and its instructions forbid it', () => {
  const lines = pmPrompt(TASK)
    .split('\n')
    .filter((line) => line.includes('kugetsu delegate'));
  expect(lines).toEqual([expect.stringContaining('Never use `kugetsu delegate`')]);
});

test.each(['kugetsu start', 'kugetsu continue', 'kugetsu queue enqueue', 'kugetsu notify send'])(
  'it is told of %s',
  (command) => {
    expect(pmPrompt({ ...TASK, message: '' })).toContain(command);
  },
);

test('each verbosity asks for another way to report', () => {
  const prompts = (['verbose', 'default', 'quiet'] as const).map((verbosity) => pmPrompt({ ...TASK, verbosity }));
  expect(new Set(prompts).size).toBe(3);
  expect(prompts[0]).toContain('Report verbosely');
  expect(prompts[1]).toContain('Report briefly');
  expect(prompts[2]).toContain('Report only when something went wrong');
});

test('a second attempt is told why the first ended, and to look at what it has started', () => {
  const prompt = pmPrompt({ ...TASK, earlierFailure: 'stall_timeout: no event' });
  expect(prompt).toMatch(/# The task\n\nAn earlier attempt .*\(stall_timeout: no event\).*\n\nwork on issue #14\n$/);
  expect(pmPrompt(TASK)).not.toContain('An earlier attempt');
});
