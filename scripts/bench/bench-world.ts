import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { timeOrderedId } from '../../src/util/ids.ts';
import { FAKE_OPENCODE, makeRemote, makeWorld, mapRepositories, until, type World } from '../../test/support/world.ts';
import { BUN, ROOT, SINGLE_FILE } from '../compile.ts';
import type { Subject } from './sample.ts';

const KUGETSU = join(ROOT, 'dist', 'kugetsu');
export const REF = 'forge.test/acme/demo#1';

/** Gives `use` a world, and leaves nothing of it behind. */
export async function inWorld<T>(
  options: Partial<Parameters<typeof makeWorld>[0]>,
  use: (world: World) => Promise<T>,
): Promise<T> {
  const world = makeWorld({ opencode: FAKE_OPENCODE, ...options });
  try {
    return await use(world);
  } finally {
    await world.destroy();
  }
}

/** Runs kugetsu, which must succeed. @returns what it prints */
export async function call(world: World, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.kugetsu(...args);
  if (code === 0) return stdout.trim();
  throw new Error(`kugetsu ${args.join(' ')} ended with exit code ${code}: ${stderr}`);
}

/** Makes a world ready for work: initialised, with a repository of a few files. */
export async function prepare(
  world: World,
  files: Readonly<Record<string, string>> = { 'README.md': '# demo\n' },
): Promise<void> {
  mapRepositories(world, { 'forge.test/acme/demo': await makeRemote(world, 'demo', files) });
  await call(world, 'init', '--headless', '--prompt', 'Know this project.');
}

/** Waits until these tasks have come to their end; looking at all of the queue would disturb what is measured. */
export async function finished(world: World, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const path = join(world.home, 'queue', 'items', `${id}.json`);
    await until(`${id} is finished`, () => /"state": "(?:completed|error)"/.test(readFileSync(path, 'utf8')), 600_000);
  }
}

/** Puts finished tasks into the queue by writing their files. */
export function addFinished(world: World, count: number, home = world.home): void {
  const directory = join(home, 'queue', 'items');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const now = Date.now() - count;
  for (let number = 0; number < count; number += 1) {
    const item = finishedItem(timeOrderedId('q_', now + number, new Uint8Array(8)), now + number);
    writeFileSync(join(directory, `${item.id}.json`), `${JSON.stringify(item, null, 2)}\n`, { mode: 0o600 });
  }
}

/** Puts tasks into the queue that wait for a time that is far away. */
export function addLater(count: number, home: string): void {
  const directory = join(home, 'queue', 'items');
  const now = Date.now();
  for (let number = 0; number < count; number += 1) {
    const id = timeOrderedId('q_', now, randomBytes(8));
    const item = { ...finishedItem(id, now), ...WAITING, issue_ref: `forge.test/acme/demo#${number}` };
    writeFileSync(join(directory, `${id}.json`), `${JSON.stringify(item, null, 2)}\n`, { mode: 0o600 });
  }
}

const WAITING = {
  state: 'pending',
  finished_at: null,
  attempts: 0,
  run_id: null,
  reply: null,
  not_before: '2999-01-01T00:00:00+00:00',
} as const;

/** Puts tasks into the queue that the daemon settles without an agent: what they name is no issue. @returns their ids */
export function addPending(world: World, count: number): string[] {
  const directory = join(world.home, 'queue', 'items');
  const now = Date.now();
  return Array.from({ length: count }, (_, number) => {
    const id = timeOrderedId('q_', now, randomBytes(8));
    const item = {
      ...finishedItem(id, now),
      state: 'pending',
      issue_ref: `no issue ${number}`,
      finished_at: null,
      attempts: 0,
    };
    writeFileSync(join(directory, `${id}.json`), `${JSON.stringify(item, null, 2)}\n`, { mode: 0o600 });
    return id;
  });
}

/** A run as its log tells it. */
interface LoggedRun {
  readonly subject: string;
  readonly message: string;
  /** When its runner wrote its first line, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly steps: ReadonlyMap<string, number>;
  readonly ended: boolean;
}

/** Every run that has begun, by the logs. */
export function startedRuns(world: World): LoggedRun[] {
  const directory = join(world.home, 'logs');
  return readdirSync(directory)
    .filter((name) => name.startsWith('r_'))
    .toSorted()
    .flatMap((name) => {
      const records = readFileSync(join(directory, name), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"type":"kugetsu"'))
        .map((line) => JSON.parse(line) as Record<string, string | number>);
      const started = records.find(({ event }) => event === 'started');
      if (started === undefined) return [];
      const steps = records
        .filter(({ event }) => event === 'step')
        .map(({ name: step, ms }) => [String(step), Number(ms)] as const);
      return {
        subject: String(started['subject']),
        message: String(started['message']),
        startedAt: Date.parse(String(started['at'])),
        steps: new Map(steps),
        ended: records.some(({ event }) => event === 'ended'),
      };
    });
}

/** The last run of an issue, step by step in milliseconds. */
export function runSteps(world: World, ref: string): Pick<LoggedRun, 'steps' | 'ended'> {
  return startedRuns(world).findLast(({ subject }) => subject === ref) ?? { steps: new Map(), ended: false };
}

/** A task that ended at a time in milliseconds since the epoch. */
export function finishedItem(id: string, at: number): QueueItem {
  const time = new Date(at).toISOString().replace('Z', '+00:00');
  return {
    id,
    type: 'issue',
    issue_ref: REF,
    message: 'Fix the authentication bug, commit, and push the branch.',
    state: 'completed',
    created_at: time,
    finished_at: time,
    attempts: 1,
    next_attempt_at: null,
    failure: null,
    parent: null,
    origin: null,
    limit_reached: null,
    run_id: 'r_0mws000000000000',
    claimed_by: null,
    run: null,
    session_id: null,
    children: [],
    reply: 'Fixed, committed and pushed.',
  };
}

/** A call of kugetsu as something to time. */
export function kugetsu(world: World, name: string, ...args: readonly string[]): Subject {
  return { name, command: [KUGETSU, ...args], cwd: world.project, env: world.env };
}

/** Compiles one line as the build compiles kugetsu. @returns the binary */
export function bareBinary(directory: string, line = 'console.log(1);\n'): string {
  const source = join(directory, 'bare.ts');
  const binary = join(directory, 'bare');
  writeFileSync(source, line);
  execFileSync(BUN, ['build', ...SINGLE_FILE, source, '--outfile', binary], { stdio: 'ignore' });
  return binary;
}

/** The first of these programs that is installed. */
export function installed(...paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}
