import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { leaksIn } from '../../private-home.ts';
import { fine, OWN_CODE, type Misbehaviour, type Played } from './misbehaviour.ts';

const MEGABYTES = 10 * 1024 * 1024;

/** What {@link SECRET_NAME} holds in the worlds of the suite. */
export const SECRET = 'correct-horse-battery-staple';
export const SECRET_NAME = 'DEPLOY_PASSWORD';

/** Neither a file of the home nor what was printed has the secret. */
function keepsTheSecret({ world, outcome, log }: Played): void {
  expect(log).toContain('[redacted]');
  expect(outcome.stdout + outcome.stderr).not.toContain(SECRET);
  expect(leaksIn(world.home, (content) => content.includes(SECRET))).toEqual([]);
}

async function keepsTheLine({ world, ref, log }: Played): Promise<void> {
  const line = log.split('\n').find((entry) => entry.includes('"type":"text"')) ?? '{}';
  const { part } = JSON.parse(line) as { readonly part?: { readonly text?: string } };
  expect(part?.text?.length).toBeGreaterThan(MEGABYTES);
  expect(part?.text?.endsWith(' end')).toBe(true);
  expect((await world.kugetsu('logs', ref)).stdout).toContain('begin xxx');
}

/** Neither the run's temporary directory nor its raw output is there. */
function leavesNothing({ world, listed }: Played): void {
  const { id = '' } = listed?.run ?? {};
  const temporary = join(world.userHome, '.local', 'share', 'opencode', 'tool-output');
  expect(existsSync(temporary)).toBe(true);
  for (const directory of [temporary, join(world.home, 'runs')]) expect(existsSync(join(directory, id))).toBe(false);
}

/** An opencode that prints something else than lines of its events. */
export const OUTPUT: readonly Misbehaviour[] = [
  {
    name: 'a line of 10 MB',
    message: 'fake: huge-line',
    expected: fine(),
    also: keepsTheLine,
    real: { replies: [{ text: `begin ${'x'.repeat(MEGABYTES)} end` }] },
  },
  {
    name: 'binary garbage on standard output',
    ofProcess: true,
    message: 'fake: garbage',
    expected: fine(),
    also: async ({ world, ref, outcome, listed }) => {
      const { stdout } = await world.kugetsu('logs', ref);
      expect(stdout).toContain('a line of plain text');
      for (const character of ['\u001B', '\0']) expect(outcome.stdout + stdout).not.toContain(character);
      expect(listed?.run?.verdict?.reply).toBe('I am still here.');
    },
    real: OWN_CODE,
  },
  {
    name: 'a newer version with an unknown event',
    ofProcess: true,
    message: 'fake: unknown-event',
    expected: fine(),
    also: ({ listed, log }) => {
      expect(log).toContain('brand_new');
      expect(listed?.run?.verdict?.reply).toBe('A whole answer.');
    },
    real: 'no: it is this version',
  },
  {
    name: 'leaves a library in its temporary directory',
    upstream: [28089],
    message: 'fake: sh echo > "$TMPDIR/.5c0ffee-00000000.so"',
    expected: fine(),
    also: leavesNothing,
    real: { replies: [{ text: 'Done.' }] },
  },
  {
    name: 'a secret in its output',
    message: `fake: leak ${SECRET_NAME}`,
    expected: fine(),
    also: keepsTheSecret,
    real: {
      replies: [{ bash: `echo "it is $${SECRET_NAME}"; echo "$${SECRET_NAME}" >&2` }, { text: `It is ${SECRET}.` }],
      also: keepsTheSecret,
    },
  },
];
