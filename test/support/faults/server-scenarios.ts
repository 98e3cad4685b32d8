import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { issue, listed, succeeded } from '../fake-world.ts';
import { installOwnPackage } from '../own-package.ts';
import { noted, notes } from '../queue-world.ts';
import { processesOf, until, type World } from '../world.ts';
import type { Scenario } from './crash-suite.ts';
import { doubled, leaked, type Problem } from './problems.ts';
import { soundState } from './promises.ts';
import { daemonUntil, isFinished, NOTHING, taskWorkedOff } from './scenario-kit.ts';

/** Agents share a server, which ends itself soon after them. */
function sharing(world: World): World {
  installOwnPackage(world);
  return world.withEnv({ AGENT_ENGINE: 'server', AGENT_SERVER_IDLE_SECONDS: '1' });
}

/** How often nothing but servers has to be seen, until it is cleaned up: one that is as it should be ends itself before. */
const LOOKS = 20;

/** Waits until nothing is at work. A server that whoever started it left before it was ready ends when somebody cleans up. */
async function serversAtRest(world: World): Promise<void> {
  let looks = 0;
  await until('everything has come to rest', async () => {
    const left = processesOf(world.root);
    if (left.length === 0) return true;
    looks = left.every(({ command }) => command.includes(' serve ')) ? looks + 1 : 0;
    if (looks % LOOKS === LOOKS - 1) await world.withEnv({ KUGETSU_FAULTS: '' }).kugetsu('prune', '--force');
    return undefined;
  });
}

/** What is left of servers when all has come to rest, and somebody has cleaned up. */
async function leftOfServers(world: World): Promise<Problem[]> {
  await serversAtRest(world);
  const { code, stderr } = await world.kugetsu('prune', '--force');
  const directory = join(world.home, 'engine');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  // The lock of a process that has died is free after a while, and what was not written to its end goes when it is old.
  const left = names.filter((name) => !/^plugin-|^\.|\.lock$/.test(name)).map(leaked);
  return code === 0 ? left : [`prune: exit code ${code}: ${stderr}`, ...left];
}

const startShared: Scenario = {
  name: 'a start in a shared server',
  act: async (world, number) => {
    const outcome = await sharing(world).kugetsu('start', issue(number), notes(world, `shared-${number}`), '--follow');
    await serversAtRest(world);
    return outcome;
  },
  check: async (world, number, { code }) => {
    const problems = await soundState(world);
    const { run: last } = (await listed(world)).find(({ issue_ref: ref }) => ref === issue(number)) ?? {};
    if (last?.verdict === null) problems.push('nothing runs, and the last run has no verdict');
    const begun = noted(world, `shared-${number}`).length;
    if (begun > 1 || (code === 0 && begun !== 1)) problems.push(doubled(`its agent ran ${begun} times`));
    const again = await sharing(world).kugetsu('start', issue(number), 'hello', '--follow');
    if (again.code !== 0) problems.push(`start afterwards: ${again.stderr}`);
    return [...problems, ...(await leftOfServers(world))];
  },
};

const taskShared: Scenario = {
  name: 'a task in a shared server, from claim to notification',
  queues: true,
  prepare: async (world, number) => {
    const message = `task ${number}.\n${notes(world, `task-${number}`)}`;
    succeeded(await world.kugetsu('queue', 'enqueue', issue(number), message));
  },
  act: async (world, number) => {
    await daemonUntil(
      sharing(world),
      () => isFinished(world, number),
      async () => serversAtRest(world),
    );
    return NOTHING;
  },
  check: async (world, number) => {
    const { item, problems } = await taskWorkedOff(sharing(world), number);
    if (item !== undefined && item.state !== 'completed') {
      problems.push(`${item.state}: ${JSON.stringify(item.failure)}`);
    }
    return [...problems, ...(await leftOfServers(world))];
  },
};

/** What happens where agents share a server, which the first of them starts. */
export const SERVER_SCENARIOS: readonly Scenario[] = [startShared, taskShared];
