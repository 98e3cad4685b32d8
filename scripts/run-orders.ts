import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  FAKE_OPENCODE,
  makeRemote,
  makeWorld,
  mapRepositories,
  processesOf,
  until,
  type World,
} from '../test/support/world.ts';

const ISSUE = 'forge.test/acme/demo#1';
const CAP_MS = 60_000;

/**
 * Has runners of this binary, and the daemon, write down in which order they use its code: a runner that starts, one that
 * continues, and a daemon that hands one task out. The agent is the tests' stand-in.
 *
 * @param variable names the file for the order
 * @returns the files that say so, in `directory`
 */
export async function runOrders(binary: string, variable: string, directory: string): Promise<string[]> {
  const world = makeWorld({ opencode: FAKE_OPENCODE, command: [binary] });
  try {
    mapRepositories(world, { 'forge.test/acme/demo': await makeRemote(world, 'demo', { 'README.md': '# demo\n' }) });
    await call(world, 'init', '--headless', '--prompt', 'Know this project.');
    const orders = [];
    for (const name of ['start', 'continue']) {
      const order = join(directory, `order-of-${name}`);
      await orderOfRunner(world, name, { variable, order });
      orders.push(order);
    }
    const order = join(directory, 'order-of-daemon');
    await orderOfDaemon(world, { variable, order });
    return [...orders, order];
  } finally {
    await world.destroy();
  }
}

interface Asked {
  readonly variable: string;
  readonly order: string;
}

/** Every process writes the file anew when it ends, so the agent waits until the command that starts its runner has ended. */
async function orderOfRunner(world: World, command: string, { variable, order }: Asked): Promise<void> {
  const go = join(world.root, `go-${command}`);
  const written = join(world.root, `order-${command}`);
  await call(world.withEnv({ [variable]: written }), command, ISSUE, `fake: wait-for ${go}`);
  rmSync(written);
  writeFileSync(go, '');
  await ended(world, '__runner');
  renameSync(written, order);
}

async function orderOfDaemon(world: World, { variable, order }: Asked): Promise<void> {
  const written = join(world.root, 'order-daemon');
  await call(world.withEnv({ [variable]: written }), 'queue-daemon', 'start');
  const task = await call(world, 'queue', 'enqueue', ISSUE, 'fake: reply done');
  await call(world, 'wait', task);
  await ended(world, '__runner');
  rmSync(written, { force: true });
  await call(world, 'queue-daemon', 'stop');
  await ended(world, 'queue-daemon');
  renameSync(written, order);
}

async function ended(world: World, program: string): Promise<void> {
  const isThere = (): boolean => processesOf(world.root).some(({ command }) => command.includes(program));
  await until(`${program} has ended`, () => !isThere(), CAP_MS);
}

async function call(world: World, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.kugetsu(...args);
  if (code === 0) return stdout.trim();
  throw new Error(`kugetsu ${args.join(' ')} ended with exit code ${code}: ${stderr}`);
}
