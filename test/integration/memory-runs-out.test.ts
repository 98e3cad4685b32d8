import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyWorld, REF, verdictOf } from '../support/fake-world.ts';
import { run, until } from '../support/world.ts';

const LIMIT = 400 * 1024 * 1024;

interface Group {
  readonly directory: string;
  /** The file that has the limit. */
  readonly limit: string;
}

/** Where a control group for memory can be made here, as root, with version 1 or 2; undefined where it cannot. */
function groupHere(): Group | undefined {
  const name = `kugetsu-test-${process.pid}`;
  const [first, second] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];
  const found = existsSync(join(first, 'memory.limit_in_bytes'))
    ? { directory: join(first, name), limit: 'memory.limit_in_bytes' }
    : { directory: join(second, name), limit: 'memory.max' };
  try {
    accessSync(join(found.directory, '..'), constants.W_OK);
    mkdirSync(found.directory);
    writeFileSync(join(found.directory, found.limit), String(LIMIT));
    return found;
  } catch {
    return undefined;
  }
}

const group = groupHere();

// The kernel takes a while to end a program that takes memory.
test.runIf(group !== undefined)(
  'an agent that the kernel ends because memory ran out is out_of_memory, and its runner lives to say so',
  async () => {
    const world = await readyWorld();
    const directory = group?.directory ?? '';
    try {
      const inside = ['sh', '-c', `echo $$ > '${directory}/cgroup.procs' && exec "$@"`, 'sh'];
      const start = [...inside, ...world.command, 'start', REF, 'fake: hog', '--follow'];
      const { code } = await run(start, { cwd: world.project, env: world.env });
      expect(code).toBe(1);
      expect(await verdictOf(world)).toMatchObject({
        outcome: 'failed',
        class: 'out_of_memory',
        signal: 'SIGKILL',
        retryable: true,
      });
      // The same end without a count of the kernel's is another one.
      await world.kugetsu('start', REF, 'fake: crash', '--follow');
      expect(await verdictOf(world)).toMatchObject({ class: 'agent_killed', signal: 'SIGKILL' });
    } finally {
      await until('the group is empty', () => {
        try {
          rmdirSync(directory);
          return true;
        } catch {
          return false;
        }
      });
    }
  },
);
