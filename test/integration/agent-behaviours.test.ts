import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readyWorld, REF, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import { processesOf, run, until } from '../support/world.ts';

describe('what an agent did becomes a verdict', () => {
  test('a reply is a success, and says what the agent answered', async () => {
    const world = await readyWorld();
    const { stdout } = succeeded(await world.kugetsu('start', REF, 'fix "it"\nand more', '--follow'));
    expect(stdout).toContain('You said: fix "it"');
    expect(await verdictOf(world)).toMatchObject({
      outcome: 'succeeded',
      class: 'ok',
      reply: 'You said: fix "it"\nand more',
    });
  });

  test('work that a tool did is in the evidence', async () => {
    const world = await readyWorld();
    const work = 'echo new > new.txt; git add new.txt; git commit --quiet -m New; echo more > more.txt';
    succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
    expect((await verdictOf(world)).evidence).toMatchObject({ commits_ahead: 1, uncommitted_files: 1 });
  });

  test('what it left in the background is ended after a normal end', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'fake: background', '--follow'));
    expect((await verdictOf(world)).class).toBe('ok');
    expect(processesOf(world.root).filter(({ command }) => command.startsWith('sleep'))).toEqual([]);
  });

  test('its temporary directory is its own while it runs, and nothing of the run is left but the log', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'fake: sh echo x > "$TMPDIR/x"; echo "$TMPDIR"', '--follow'));
    const { id, log, verdict } = await runOf(world);
    const temporary = /^It printed: (.*)$/.exec(verdict?.reply ?? '')?.[1] ?? '';
    expect(temporary).toContain(id);
    expect(existsSync(temporary)).toBe(false);
    expect(existsSync(join(world.home, 'runs', id))).toBe(false);
    expect(existsSync(log)).toBe(true);
    const { stdout } = await run(['ls', '-A', world.env['TMPDIR'] ?? ''], { cwd: world.root, env: world.env });
    expect(stdout).toBe('');
  });

  test('it goes on when the command that followed it is killed', async () => {
    const world = await readyWorld();
    const following = world.kugetsu('start', REF, 'fake: wait-for go', '--follow');
    await until('the agent is at work', () => processesOf(world.root).find(({ command }) => command.includes('until')));
    const isFollower = ({ command }: { readonly command: string }): boolean => command.includes('--follow');
    const { pid } = await until('it is followed', () => processesOf(world.root).find(isFollower));
    process.kill(pid, 'SIGKILL');
    expect((await following).code).not.toBe(0);
    writeFileSync(join(worktreeOf(world), 'go'), '');
    expect(await verdictOf(world)).toMatchObject({ class: 'ok', reply: 'It is there.' });
  });
});
