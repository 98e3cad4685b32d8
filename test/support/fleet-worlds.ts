import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { QueueItem } from '../../src/domain/queue/queue-item.ts';
import { readJson, succeeded } from './fake-world.ts';
import { freshTables } from './queue-in-a-table.ts';
import { queueWorld, tasks } from './queue-world.ts';
import { until, type World } from './world.ts';

/** Homes of their own, each with an opencode of its own, that share one queue as hosts a, b, … */
interface Fleet {
  readonly hosts: readonly World[];
  /** The URL of the server, as it is given to `fleet join`. */
  readonly url: string;
}

/** A fleet of so many hosts, without a daemon. */
export async function fleetOf(count: number, env: Readonly<Record<string, string>> = {}): Promise<Fleet> {
  const { address } = await freshTables();
  const url = `${inject('postgres')}&schema=${address.schema}`;
  const hosts: World[] = [];
  for (let index = 0; index < count; index += 1) {
    const world = await queueWorld(env);
    succeeded(await world.kugetsu('fleet', 'join', url, '--name', nameOf(index)));
    hosts.push(world);
  }
  return { hosts, url };
}

/** The name of a host by its place. */
export function nameOf(index: number): string {
  return 'abcdefgh'.charAt(index);
}

/** A task of the fleet as soon as it is what `condition` asks for. */
export async function fleetTaskThat(
  world: World,
  id: string,
  condition: (item: QueueItem) => boolean,
): Promise<QueueItem> {
  return until(`${id} gets there`, async () => {
    const item = (await tasks(world)).find((each) => each.id === id);
    return item !== undefined && condition(item) ? item : undefined;
  });
}

/** The pids of the processes that answer for the runs of a host. */
export function runnersOf(world: World): number[] {
  const names = readdirSync(join(world.home, 'runs')).filter((name) => name.endsWith('.json'));
  const records = names.map(
    (name) => readJson(join(world.home, 'runs', name)) as { readonly owner: { readonly pid: number } },
  );
  return records.map(({ owner }) => owner.pid);
}
