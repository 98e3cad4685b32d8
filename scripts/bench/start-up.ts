import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addFinished, bareBinary, inWorld, installed, kugetsu } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { timeSideBySide, type Subject } from './sample.ts';

const ROUNDS = 40;
const LIMITS: Readonly<Record<string, { readonly of: string; readonly atMost: number }>> = {
  'kugetsu --version': { of: 'bare', atMost: 1.7 },
  'kugetsu status': { of: 'bare', atMost: 2.2 },
  'kugetsu status --json': { of: 'kugetsu status', atMost: 1.2 },
  'kugetsu queue list (50)': { of: 'bare', atMost: 3.2 },
  'kugetsu queue list --json (50)': { of: 'kugetsu queue list (50)', atMost: 1.2 },
  'kugetsu delegate': { of: 'python3', atMost: 0.6 },
};

/** Short calls of kugetsu beside the programs that a script would call instead, and beside another build of kugetsu. */
export async function startUp(beside?: string): Promise<Row[]> {
  return inWorld({}, async (world) => {
    addFinished(world, 50);
    // Delegated tasks go to a home of their own, or there would soon be more than 50.
    const other = world.withEnv({ KUGETSU_DIR: join(world.root, 'other') });
    const calls: Subject[] = [
      { ...kugetsu(world, 'kugetsu --version', '--version') },
      { ...kugetsu(world, 'kugetsu status', 'status'), codes: [3] },
      { ...kugetsu(world, 'kugetsu status --json', 'status', '--json'), codes: [3] },
      { ...kugetsu(world, 'kugetsu queue list (50)', 'queue', 'list') },
      { ...kugetsu(world, 'kugetsu queue list --json (50)', 'queue', 'list', '--json') },
      { ...kugetsu(other, 'kugetsu delegate', 'delegate', 'work on issue #14') },
    ];
    const subjects: Subject[] = [
      { name: 'bare', command: [bareBinary(world.root)], env: world.env },
      ...(beside === undefined ? calls : calls.flatMap((call) => [call, asIn(beside, call)])),
      { name: 'node -e 0', command: ['node', '-e', '0'], env: world.env },
      // Beside a wrapper script of a version manager everything would look fast.
      { name: 'python3', command: [installed('/usr/bin/python3') ?? 'python3', '-c', 'import json'], env: world.env },
      ...otherQueues(world.root, world.env),
    ];
    const medians = timeSideBySide(subjects, ROUNDS);
    return subjects.map(({ name }) => {
      const { of, atMost } = LIMITS[name] ?? {
        of: LIMITS[name.replace(/, the other$/, '')]?.of ?? 'bare',
        atMost: undefined,
      };
      const over = name === 'bare' ? {} : { over: { value: medians.get(of) ?? Number.NaN, of } };
      return row('start-up', name, {
        value: medians.get(name) ?? Number.NaN,
        ...over,
        ...(atMost === undefined ? {} : { atMost }),
      });
    });
  });
}

/** The same call of another build. */
function asIn(binary: string, { name, command: [, ...args], ...rest }: Subject): Subject {
  return { ...rest, name: `${name}, the other`, command: [binary, ...args] };
}

/** task-spooler and nq, where they are installed, putting `true` into their queues. */
function otherQueues(root: string, env: Readonly<Record<string, string>>): Subject[] {
  const spooler = installed('/usr/bin/tsp', '/usr/local/bin/tsp');
  const nq = installed('/usr/bin/nq', '/usr/local/bin/nq');
  const directory = join(root, 'nq');
  mkdirSync(directory);
  return [
    ...(spooler === undefined
      ? []
      : [{ name: 'task-spooler', command: [spooler, '-n', 'true'], env: { ...env, TS_SOCKET: join(root, 'tsp') } }]),
    ...(nq === undefined ? [] : [{ name: 'nq', command: [nq, '-q', 'true'], env: { ...env, NQDIR: directory } }]),
  ];
}
