// Slow: each file of state is made hostile and read by every command that looks.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { report } from '../support/faults/figures.ts';
import { readyWorld, REF, sessionFile, succeeded } from '../support/fake-world.ts';
import { mutated, withOneValueChanged } from '../support/mutations.ts';
import { delegate, enqueue } from '../support/queue-world.ts';
import type { Outcome, World } from '../support/world.ts';

/** How often each file is changed; the seed makes a failure come again. */
const CHANGES = Number(process.env['FUZZ_RUNS'] ?? 12);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_101);

interface Target {
  readonly path: string;
  /** Commands that read the file, and change nothing else. */
  readonly commands: readonly (readonly string[])[];
}

async function furnishedWorld(): Promise<{ readonly world: World; readonly targets: readonly Target[] }> {
  const world = await readyWorld();
  succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
  const item = await enqueue(world, 'a task');
  const delegated = await delegate(world, 'another task');
  succeeded(await world.kugetsu('notify', 'send', 'something to know'));
  succeeded(await world.kugetsu('server', 'add', 'forge', 'https://forge.test'));
  succeeded(await world.kugetsu('config', 'set', 'MAX_CONCURRENT_AGENTS', '2'));
  succeeded(await world.kugetsu('env', 'set', 'COLOUR', 'blue', 'default'));
  const at = (...names: string[]): string => join(world.home, ...names);
  const runLog = readdirSync(at('logs')).find((name) => name.endsWith('.log')) ?? '';
  const targets: Target[] = [
    { path: at('index.json'), commands: [['list', '--json'], ['status'], ['logs', REF]] },
    { path: at('sessions', 'base.json'), commands: [['list', '--json'], ['status']] },
    { path: at('sessions', 'pm-agent.json'), commands: [['list', '--json'], ['status']] },
    { path: sessionFile(world), commands: [['list'], ['list', '--json'], ['logs', REF], ['destroy', REF]] },
    {
      path: at('queue', 'items', `${item}.json`),
      commands: [
        ['queue', 'list'],
        ['queue', 'list', '--json'],
      ],
    },
    {
      path: at('queue', 'items', `${delegated}.json`),
      commands: [
        ['queue', 'list'],
        ['queue', 'stats'],
      ],
    },
    {
      path: at('notifications.json'),
      commands: [
        ['notify', 'list'],
        ['notify', 'list', '--json'],
      ],
    },
    {
      path: at('servers.json'),
      commands: [
        ['server', 'list'],
        ['server', 'list', '--json'],
        ['logs', 'acme/demo#1'],
      ],
    },
    { path: at('config'), commands: [['config', 'list', '--json'], ['list']] },
    {
      path: at('env', 'default.env'),
      commands: [
        ['env', 'list'],
        ['env', 'show', 'default', '--json'],
      ],
    },
    { path: at('logs', runLog), commands: [['logs', REF], ['logs']] },
  ];
  for (const { path } of targets) expect(existsSync(path), path).toBe(true);
  return { world, targets };
}

/** What is wrong with how a command took a file; undefined when it did as promised. */
function complaint({ code, stdout, stderr }: Outcome, command: readonly string[], path: string): string | undefined {
  if (![0, 1, 2, 3, 4].includes(code)) return `exit code ${code}`;
  if (/internal error|^\s+at .*:\d+|TypeError|RangeError/m.test(stderr)) return 'an internal error';
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/.test(stderr)) return 'a control character';
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000B-\u001F]/.test(stdout)) return 'a control character on standard output';
  if (command.includes('--json') && stdout !== '' && !isJson(stdout)) return 'no JSON';
  if (code !== 0 && !/^kugetsu: [^\n]+\n {2}[^\n]+\n/m.test(stderr)) return 'no line that says what to do';
  const asked = command[0] === 'destroy' || command[0] === 'logs';
  if (code !== 0 && !asked && !stderr.includes(path)) return 'the file is not named';
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('whatever is in a file of the home, it is named and left as it is, and no command crashes', async () => {
  const { world, targets } = await furnishedWorld();
  for (const { path, commands } of targets) {
    const whole = readFileSync(path);
    const text = whole.toString('utf8');
    const changes = path.endsWith('.json') ? fc.oneof(mutated(text), withOneValueChanged(text)) : mutated(text);
    const check = fc.asyncProperty(changes, fc.constantFrom(...commands), async (bytes, command) => {
      writeFileSync(path, bytes);
      const outcome = await world.kugetsu(...command);
      expect({ command, wrong: complaint(outcome, command, path), stderr: outcome.stderr.slice(0, 600) }).toMatchObject(
        {
          wrong: undefined,
        },
      );
      expect(readFileSync(path).equals(bytes), `${command.join(' ')} changed ${path}`).toBe(true);
    });
    try {
      await fc.assert(check, { numRuns: CHANGES, seed: SEED, endOnFailure: true });
      report({ part: 'hostile state files', cases: CHANGES });
    } finally {
      writeFileSync(path, whole);
    }
  }
  succeeded(await world.kugetsu('continue', REF, 'all is as it was', '--follow'));
});
