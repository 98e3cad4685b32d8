import { until, type World } from './world.ts';

/** A task as `queue list --json` shows it. */
export interface Item {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly failure: { readonly class: string } | null;
  readonly children: readonly { readonly issue_ref: string | null; readonly outcome: string | null }[];
}

interface Notification {
  readonly type: string;
  readonly message: string;
  readonly issue_ref: string | null;
  readonly task: string | null;
}

/** All tasks. */
export async function items(world: World): Promise<Item[]> {
  return JSON.parse((await world.kugetsu('queue', 'list', '--json')).stdout) as Item[];
}

/** A task as soon as it has ended. */
export async function finished(world: World, id: string, capMs?: number): Promise<Item> {
  return until(
    `${id} is finished`,
    async () => (await items(world)).find((item) => item.id === id && ['completed', 'error'].includes(item.state)),
    capMs,
  );
}

/** The task that a command queues. */
export async function queued(world: World, ...args: readonly string[]): Promise<Item> {
  const { code, stdout, stderr } = await world.kugetsu(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Item;
}

/** What was told of a task, the oldest first. */
export async function notificationsOf(world: World, id: string): Promise<Notification[]> {
  const { stdout } = await world.kugetsu('notify', 'list', '--all', '--json');
  return (JSON.parse(stdout) as Notification[]).filter(({ task }) => task === id);
}
