import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readyWorld, REF, runOf, succeeded, verdictOf, worktreeOf } from '../support/fake-world.ts';
import { processesOf, run, until } from '../support/world.ts';

interface Case {
  readonly message: string;
  readonly name: string;
  readonly retryable: boolean;
}

const FAILURES: readonly Case[] = [
  { message: 'fake: exit-0-after-error', name: 'model_failed', retryable: true },
  { message: 'fake: error-status 400', name: 'model_rejected', retryable: false },
  { message: 'fake: error-status 401', name: 'no_credentials', retryable: false },
  { message: 'fake: error-status 403', name: 'no_credentials', retryable: false },
  { message: 'fake: error-status 404', name: 'unknown_model', retryable: false },
  { message: 'fake: error-status 429', name: 'rate_limited', retryable: true },
  { message: 'fake: error-status 500', name: 'model_unavailable', retryable: true },
  { message: 'fake: unknown-finish', name: 'unknown_finish', retryable: true },
  { message: 'fake: auto-reject', name: 'permission_rejected', retryable: false },
  { message: 'fake: length', name: 'truncated', retryable: false },
  { message: 'fake: finish tool-calls', name: 'unfinished', retryable: true },
  { message: 'fake: crash', name: 'agent_killed', retryable: true },
  { message: 'fake: exit 0', name: 'no_result', retryable: true },
  { message: 'fake: exit 7 something broke', name: 'opencode_failed', retryable: true },
  { message: 'fake: exit 1 Error: database is locked', name: 'database_locked', retryable: true },
  { message: 'fake: exit 1 Error: Session not found', name: 'session_missing', retryable: false },
];

describe('what an agent did becomes a verdict', () => {
  test('each kind of failure has its class, and --follow exits 1 with a line that names the log', async () => {
    const world = await readyWorld();
    const seen: Case[] = [];
    for (const { message } of FAILURES) {
      const { code, stderr } = await world.kugetsu('start', REF, message, '--follow');
      const { class: name, retryable, outcome } = await verdictOf(world);
      seen.push({ message, name, retryable });
      expect(outcome).toBe('failed');
      expect(code).toBe(1);
      expect(stderr).toContain((await runOf(world)).log);
    }
    expect(seen).toEqual(FAILURES);
  });

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

  test('binary garbage and stray lines between the events do no harm, and are in the log', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'fake: garbage', '--follow'));
    expect(await verdictOf(world)).toMatchObject({ class: 'ok', reply: 'I am still here.' });
    const { stdout } = succeeded(await world.kugetsu('logs', REF));
    expect(stdout).toContain('a line of plain text');
    expect(stdout).toContain('I am still here.');
    expect(stdout).not.toContain('\u001B');
    expect(stdout).not.toContain('\0');
  });

  test('a line of ten megabytes is kept whole', async () => {
    const world = await readyWorld();
    succeeded(await world.kugetsu('start', REF, 'fake: huge-line', '--follow'));
    const { reply } = await verdictOf(world);
    const { stdout } = succeeded(await world.kugetsu('logs', REF, '--json'));
    const said = stdout.split('\n').find((line) => line.includes('"type":"text"')) ?? '{}';
    const { part } = JSON.parse(said) as { readonly part: { readonly text: string } };
    expect(part.text.length).toBeGreaterThan(10 * 1024 * 1024);
    expect(part.text.endsWith(' end')).toBe(true);
    expect(reply.startsWith('begin ')).toBe(true);
    const shown = succeeded(await world.kugetsu('logs', REF)).stdout;
    expect(shown).toContain('begin xxx');
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
    const follower = processesOf(world.root).find(({ command }) => command.includes('--follow'));
    process.kill(follower?.pid ?? 0, 'SIGKILL');
    expect((await following).code).not.toBe(0);
    writeFileSync(join(worktreeOf(world), 'go'), '');
    expect(await verdictOf(world)).toMatchObject({ class: 'ok', reply: 'It is there.' });
  });
});
