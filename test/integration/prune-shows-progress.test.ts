import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyWorld } from '../support/fake-world.ts';
import { age, pruned } from '../support/prune-world.ts';
import { run, type Outcome, type World } from '../support/world.ts';

const ITEMS = 120;
// oxlint-disable-next-line no-control-regex
const PROGRESS = /\r\u001B\[Kpruned (\d+) of (\d+)/g;

/** A world with many files that writes which were cut off have left. */
async function littered(): Promise<World> {
  const world = await readyWorld();
  for (let number = 0; number < ITEMS; number += 1) {
    const name = `.index.json.${number.toString(16).padStart(12, '0')}.tmp`;
    writeFileSync(join(world.home, name), 'half of it');
    age(join(world.home, name));
  }
  expect((await pruned(world)).items).toHaveLength(ITEMS);
  return world;
}

/** Runs kugetsu on a terminal of its own, which shows standard output and standard error together. */
async function onTerminal(world: World, command: string): Promise<Outcome> {
  return run(['script', '--quiet', '--return', '--command', `${world.command.join(' ')} ${command}`, '/dev/null'], {
    cwd: world.project,
    env: { ...world.env, TERM: 'xterm-256color' },
  });
}

/** What progress was shown: how many of how many. */
function progressIn({ stdout }: Outcome): number[][] {
  return [...stdout.matchAll(PROGRESS)].map(([, done, all]) => [Number(done), Number(all)]);
}

const EACH = Array.from({ length: ITEMS }, (_, index) => [index + 1, ITEMS]);

test('prune --force counts on one line of the terminal, which is gone when the result comes', async () => {
  const world = await littered();
  const shown = await onTerminal(world, 'prune --force');
  expect(shown.code).toBe(0);
  expect(progressIn(shown)).toEqual(EACH);
  const end = shown.stdout.slice(shown.stdout.lastIndexOf('pruned'));
  expect(end).toContain(`pruned ${ITEMS} of ${ITEMS}\r\u001B[Kremoved ${ITEMS} `);
  expect((await pruned(world)).items).toEqual([]);
});

test('it does so with --json, too, and nothing of it is in the JSON', async () => {
  const world = await littered();
  const path = join(world.root, 'result.json');
  const shown = await onTerminal(world, `prune --force --json > '${path}'`);
  expect(progressIn(shown)).toEqual(EACH);
  const { items } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly items: readonly { readonly removed: boolean }[];
  };
  expect(items.filter(({ removed }) => removed)).toHaveLength(ITEMS);
});

test('nothing of it appears where standard error is no terminal', async () => {
  const world = await littered();
  const said = await world.kugetsu('prune', '--force');
  expect(said).toMatchObject({ code: 0, stderr: expect.stringMatching(new RegExp(`^removed ${ITEMS} [^\\n]*\\n$`)) });
  expect(said.stdout.split('\n')).toHaveLength(ITEMS + 1);
  for (const control of ['\r', '\u001B']) expect(said.stdout + said.stderr).not.toContain(control);
});
