import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issue, listed, readJson, sessionFile, succeeded, worktreeOf } from '../fake-world.ts';
import { daemonLog, noted, notes } from '../queue-world.ts';
import { mapRepositories, until, type Outcome, type World } from '../world.ts';
import type { Scenario } from './crash-suite.ts';
import { doubled, lost, type Problem } from './problems.ts';
import { soundState, workIsSafe } from './promises.ts';
import { LIMIT_SCENARIOS } from './limit-scenarios.ts';
import { MANY_TASKS_SCENARIOS } from './many-tasks-scenarios.ts';
import { QUEUE_SCENARIOS } from './queue-scenarios.ts';
import { atRest } from './shared-servers.ts';
import { SET_UP_SCENARIOS } from './set-up-scenario.ts';
import { daemonUntil, gate, isFinished, NOTHING, queued, taskWorkedOff } from './scenario-kit.ts';

const work = (number: number): string => `work-${number}-of-an-agent`;

/** An agent that leaves a commit that is not pushed, and a file that is not committed. */
const leavesWork = (number: number): string =>
  `fake: sh echo ${work(number)} > left.txt; echo x > c.txt; git add c.txt; git commit -qm Unpushed`;

async function issueWithWork(world: World, number: number): Promise<void> {
  succeeded(await world.kugetsu('start', issue(number), leavesWork(number), '--follow'));
}

/** The task was queued once if that was printed, and at most once if not. */
async function checkQueued(world: World, number: number, { code, stdout }: Outcome): Promise<Problem[]> {
  const found = await queued(world, number);
  const printed = code === 0 || stdout.trim() !== '';
  if (printed && found.length === 0) return [lost(`${stdout.trim()} was printed, and is not there`)];
  return [...(found.length > 1 ? [doubled('it is there twice')] : []), ...(await soundState(world))];
}

const enqueue: Scenario = {
  name: 'queue enqueue',
  queues: true,
  act: async (world, number) => world.kugetsu('queue', 'enqueue', issue(number), `task ${number}.`),
  check: checkQueued,
};

const delegate: Scenario = {
  name: 'delegate',
  queues: true,
  act: async (world, number) => world.kugetsu('delegate', `task ${number}.`),
  check: checkQueued,
};

const notify: Scenario = {
  name: 'notify',
  act: async (world, number) => {
    const sent = await world.kugetsu('notify', 'send', `message ${number}.`);
    await world.kugetsu('notify', 'clear');
    return sent;
  },
  check: async (world, number, { code }) => {
    const { stdout } = await world.kugetsu('notify', 'list', '--all');
    const missing = code === 0 && !stdout.includes(`message ${number}.`);
    return [...(missing ? [lost('the notification was sent, and is not there')] : []), ...(await soundState(world))];
  },
};

const wentOut = (world: World): string => join(world.root, 'went-out');

/** With a program that writes down what it is told. */
const telling = (world: World): World =>
  world.withEnv({ NOTIFY_COMMAND: `sh -c 'cat >> "$0"' '${wentOut(world)}'`, NOTIFY_TYPES: 'message' });

/** How often the daemon's log says that a full disk kept something from going out. */
function keptIn(world: World): number {
  return daemonLog(world).split('notifications do not go out').length - 1;
}

/** How often it said so before, by the number of the time. */
const keptInBefore = new Map<number, number>();

const goesOut: Scenario = {
  name: 'a notification that goes out',
  act: async (world, number) => {
    keptInBefore.set(number, keptIn(world));
    const sent = await telling(world).kugetsu('notify', 'send', `message ${number}.`);
    await atRest(world);
    return sent;
  },
  check: async (world, number) => {
    const { stdout } = await world.kugetsu('notify', 'list', '--all');
    const isIn = stdout.includes(`message ${number}.`);
    const isOut = (): boolean =>
      existsSync(wentOut(world)) && readFileSync(wentOut(world), 'utf8').includes(`message ${number}.`);
    // Whoever delivered may be dead; the lock of one that was killed counts for five seconds.
    const waits = join(world.home, 'notifications.out');
    await until('nothing waits to go out', async () => {
      if (!existsSync(waits) || !readdirSync(waits).some((name) => name.startsWith('n_'))) return true;
      await telling(world).kugetsu('queue-daemon', 'run', '--once');
      await atRest(world);
      return undefined;
    });
    const isTold = keptIn(world) > (keptInBefore.get(number) ?? 0);
    const missing = isIn && !isOut() && !isTold;
    return [...(missing ? [lost('the notification is there, and did not go out')] : []), ...(await soundState(world))];
  },
};

const runsCounted = async (world: World): Promise<number> => {
  const { stdout } = succeeded(await world.kugetsu('stats', '--json'));
  return (JSON.parse(stdout) as { readonly total: { readonly runs: number } }).total.runs;
};

/** How many runs there were before, by the number of the time. */
const countedBefore = new Map<number, number>();

const forget: Scenario = {
  name: 'old logs that are removed',
  prepare: async (world, number) => {
    succeeded(await world.kugetsu('start', issue(number), 'hello', '--follow'));
    await atRest(world);
    countedBefore.set(number, await runsCounted(world));
    const old = new Date(Date.now() - 8 * 24 * 60 * 60_000);
    const logs = join(world.home, 'logs');
    for (const name of readdirSync(logs)) utimesSync(join(logs, name), old, old);
  },
  act: async (world) => world.kugetsu('logs'),
  check: async (world, number) => {
    const [before, after] = [countedBefore.get(number) ?? 0, await runsCounted(world)];
    const problems = await soundState(world);
    if (after < before) problems.push(lost(`${before - after} runs of the figures`));
    if (after > before) problems.push(doubled(`${after - before} runs of the figures`));
    return problems;
  },
};

const plainStart: Scenario = {
  name: 'a start',
  act: async (world, number) => {
    const outcome = await world.kugetsu('start', issue(number), notes(world, `start-${number}`), '--follow');
    await atRest(world);
    return outcome;
  },
  check: async (world, number, { code }) => {
    const problems = await soundState(world);
    const { run: last } = (await listed(world)).find(({ issue_ref: ref }) => ref === issue(number)) ?? {};
    if (last?.verdict === null) problems.push('nothing runs, and the last run has no verdict');
    const begun = noted(world, `start-${number}`).length;
    if (begun > 1 || (code === 0 && begun !== 1)) problems.push(doubled(`its agent ran ${begun} times`));
    const again = await world.kugetsu('start', issue(number), 'hello', '--follow');
    if (again.code !== 0) problems.push(`start afterwards: ${again.stderr}`);
    return problems;
  },
};

const startOver: Scenario = {
  name: 'start over work that was left',
  prepare: issueWithWork,
  act: async (world, number) => {
    const outcome = await world.kugetsu('start', issue(number), 'hello', '--follow');
    await atRest(world);
    return outcome;
  },
  check: async (world, number) => {
    const problems = [...(await soundState(world)), ...(await workIsSafe(world, issue(number), work(number)))];
    const { run: last } = (await listed(world)).find(({ issue_ref: ref }) => ref === issue(number)) ?? {};
    if (last?.verdict === null) problems.push('nothing runs, and the last run has no verdict');
    const again = await world.kugetsu('start', issue(number), 'hello', '--follow');
    if (again.code !== 0) problems.push(`start afterwards: ${again.stderr}`);
    return [...problems, ...(await workIsSafe(world, issue(number), work(number)))];
  },
};

/** The first issue of a repository, which is cloned for it. */
const firstStart: Scenario = {
  name: 'the first start in a repository',
  prepare: async (world, number) => {
    const path = join(world.home, 'repos.json');
    const known = readJson(path) as Record<string, string>;
    const remote = Object.values(known)[0] ?? '';
    mapRepositories(world, { ...known, [`forge.test/acme/demo-${number}`]: remote });
  },
  act: async (world, number) => {
    const outcome = await world.kugetsu('start', `forge.test/acme/demo-${number}#1`, 'hello', '--follow');
    await atRest(world);
    return outcome;
  },
  check: async (world, number, { code }) => {
    const ref = `forge.test/acme/demo-${number}#1`;
    const problems = await soundState(world);
    const { run: last } = (await listed(world)).find(({ issue_ref: known }) => known === ref) ?? {};
    if (last?.verdict === null) problems.push('nothing runs, and the last run has no verdict');
    if (code === 0 && last?.verdict?.outcome !== 'succeeded') problems.push('it was said to have succeeded');
    const again = await world.kugetsu('start', ref, 'hello', '--follow');
    return again.code === 0 ? problems : [...problems, `start afterwards: ${again.stderr}`];
  },
};

const continued: Scenario = {
  name: 'continue',
  prepare: async (world, number) => {
    succeeded(await world.kugetsu('start', issue(number), 'hello', '--follow'));
  },
  act: async (world, number) => {
    const outcome = await world.kugetsu('continue', issue(number), notes(world, `continued-${number}`), '--follow');
    await atRest(world);
    return outcome;
  },
  check: async (world, number, { code }) => {
    const problems = await soundState(world);
    const begun = noted(world, `continued-${number}`).length;
    if (code === 0 && begun !== 1) problems.push(doubled(`it succeeded, and its agent ran ${begun} times`));
    const again = await world.kugetsu('continue', issue(number), 'hello', '--follow');
    if (again.code !== 0) problems.push(`continue afterwards: ${again.stderr}`);
    return problems;
  },
};

const destroy: Scenario = {
  name: 'destroy work that was left',
  prepare: issueWithWork,
  act: async (world, number) => world.kugetsu('destroy', issue(number), '-y'),
  check: async (world, number, { code }) => {
    const problems = [...(await soundState(world)), ...(await workIsSafe(world, issue(number), work(number)))];
    const again = await world.kugetsu('destroy', issue(number), '-y');
    if (code === 0 ? again.code !== 1 : again.code > 1) problems.push(`destroy afterwards: ${again.stderr}`);
    if (existsSync(worktreeOf(world, issue(number)))) problems.push('the worktree is there still');
    if ((await listed(world)).some(({ issue_ref: ref }) => ref === issue(number))) problems.push('it is listed still');
    return [...problems, ...(await workIsSafe(world, issue(number), work(number)))];
  },
};

/** Whatever a destroy has left, the issue can be started again, and its work is not lost. */
const destroyThenStart: Scenario = {
  ...destroy,
  name: 'a start after destroy',
  check: async (world, number) => {
    const again = await world.kugetsu('start', issue(number), 'hello', '--follow');
    const problems = again.code === 0 ? [] : [`start afterwards: ${again.stderr}`];
    return [...problems, ...(await soundState(world)), ...(await workIsSafe(world, issue(number), work(number)))];
  },
};

const issueTask: Scenario = {
  name: 'a task of an issue, from claim to notification',
  queues: true,
  prepare: async (world, number) => {
    succeeded(
      await world.kugetsu('queue', 'enqueue', issue(number), `task ${number}.\n${notes(world, `task-${number}`)}`),
    );
  },
  act: async (world, number) => {
    await daemonUntil(world, () => isFinished(world, number));
    return NOTHING;
  },
  check: async (world, number) => {
    const { item, problems } = await taskWorkedOff(world, number);
    return item === undefined || item.state === 'completed'
      ? problems
      : [...problems, `${item.state}: ${JSON.stringify(item.failure)}`];
  },
};

// A PM agent that sees a start fail tries again, as the real one would.
const pmTask: Scenario = {
  name: 'a task of the PM agent that starts an issue',
  queues: true,
  prepare: async (world, number) => {
    const child = `kugetsu start '${issue(number)}' "${notes(world, `child-${number}`)}"`;
    const message = `task ${number}.\n${notes(world, `task-${number}`)}; for i in 1 2 3 4 5 6 7 8 9; do ${child} && break; done`;
    succeeded(await world.kugetsu('delegate', message));
  },
  act: async (world, number) => {
    await daemonUntil(world, () => isFinished(world, number));
    return NOTHING;
  },
  check: async (world, number) => {
    const { item, problems } = await taskWorkedOff(world, number);
    if (item === undefined) return problems;
    const begun = noted(world, `child-${number}`).length;
    if (begun > item.children.length) problems.push(doubled(`${begun} agents for ${item.children.length} children`));
    const last = item.children.at(-1)?.outcome;
    // What the PM agent was told is at work and then died is its task's failure, and said so.
    const said = item.failure?.class ?? '';
    const honest = item.state === 'error' && /^child_(?:failed|not_begun)$/.test(said) && last === 'failed';
    if (!honest && (item.state !== 'completed' || begun < 1 || last !== 'succeeded')) {
      problems.push(`${item.state}, ${begun} agents, children: ${JSON.stringify(item.children)}`);
    }
    return problems;
  },
};

const stop: Scenario = {
  name: 'stop',
  act: async (world, number) => {
    await world.kugetsu('start', issue(number), 'fake: sh sleep 600');
    return world.kugetsu('stop', issue(number));
  },
  check: async (world, number, { code }) => {
    const problems = await soundState(world);
    if (code !== 0) {
      const again = await world.kugetsu('stop', issue(number));
      if (again.code > 1) problems.push(`stop afterwards: ${again.stderr}`);
    }
    const { run: last } = (await listed(world)).find(({ issue_ref: ref }) => ref === issue(number)) ?? {};
    if (last?.verdict?.outcome === 'succeeded' || last?.verdict === null) {
      problems.push(`it was stopped, and its verdict is ${JSON.stringify(last.verdict)}`);
    }
    await atRest(world);
    return problems;
  },
};

const stopPm: Scenario = {
  name: 'stop of a PM agent by its task',
  queues: true,
  prepare: async (world, number) => {
    const works = `${notes(world, `task-${number}`)}; until [ -e '${gate(world, number)}' ]; do sleep 0.05; done`;
    succeeded(await world.kugetsu('delegate', `task ${number}.\n${works}`));
  },
  act: async (world, number) => {
    const [item] = await queued(world, number);
    // A daemon that dies before leaves nothing to stop, and says why in its own log.
    let stopped = { ...NOTHING, code: 1, stderr: 'no agent is at work: the daemon has died' };
    const stopIt = async (): Promise<boolean> => {
      if (noted(world, `task-${number}`).length === 0) return false;
      stopped = await world.kugetsu('stop', item?.id ?? '');
      return true;
    };
    // What nobody has stopped ends by itself then.
    await daemonUntil(world, stopIt, () => writeFileSync(gate(world, number), ''));
    return stopped;
  },
  check: async (world, number, { code }) => {
    writeFileSync(gate(world, number), '');
    const { item, problems } = await taskWorkedOff(world, number);
    const wasStopped = item?.state === 'error' && item.failure?.class === 'stopped';
    return code !== 0 || wasStopped ? problems : [...problems, `it was stopped, and is ${JSON.stringify(item)}`];
  },
};

const prune: Scenario = {
  name: 'prune',
  prepare: async (world, number) => {
    await issueWithWork(world, number);
    // An issue that the index has forgotten.
    rmSync(sessionFile(world, issue(number)));
    const path = join(world.home, 'index.json');
    const { issues, ...rest } = readJson(path) as { issues: Record<string, string> };
    writeFileSync(path, JSON.stringify({ ...rest, issues: without(issues, issue(number)) }));
  },
  act: async (world) => world.kugetsu('prune', '--force'),
  check: async (world, number, { code }) => {
    const problems = [...(await soundState(world)), ...(await workIsSafe(world, issue(number), work(number)))];
    const again = await world.kugetsu('prune', '--force');
    if (again.code !== 0) problems.push(`prune afterwards: ${again.stderr}`);
    if (existsSync(worktreeOf(world, issue(number)))) problems.push(`the worktree is there still (first: ${code})`);
    return [...problems, ...(await workIsSafe(world, issue(number), work(number)))];
  },
};

const mend: Scenario = {
  name: 'doctor --fix',
  prepare: async (world, number) => {
    await issueWithWork(world, number);
    rmSync(join(world.home, 'sessions', 'pm-agent.json'));
    writeFileSync(join(world.home, 'notifications.json'), '{"notifications":');
    writeFileSync(sessionFile(world, issue(number)), '{"type":');
  },
  act: async (world) => world.kugetsu('doctor', '--fix', '--no-model'),
  check: async (world, number) => {
    const again = await world.kugetsu('doctor', '--fix', '--no-model');
    const problems = again.code === 0 ? [] : [`doctor --fix afterwards: ${again.stdout}${again.stderr}`];
    const inWorktree = existsSync(join(worktreeOf(world, issue(number)), 'left.txt'));
    if (!inWorktree) problems.push(lost('the work is not in its worktree any more'));
    return [...problems, ...(await soundState(world))];
  },
};

const configure: Scenario = {
  name: 'env set, config set and server add',
  act: async (world, number) => {
    const set = await world.kugetsu('env', 'set', `NAME_${number}`, `value ${number}`);
    const configured = await world.kugetsu('config', 'set', 'QUEUE_CLEANUP_AGE_DAYS', String((number % 9) + 1));
    const added = await world.kugetsu('server', 'add', `server-${number}`, `https://host-${number}.test`);
    const all = [set, configured, added];
    const stderr = all.map((outcome) => outcome.stderr).join('');
    return { code: all.find(({ code }) => code !== 0)?.code ?? 0, stdout: set.stdout, stderr };
  },
  check: async (world, number, { code }) => {
    const problems = await soundState(world);
    const { stdout: variables } = await world.kugetsu('env', 'show');
    const { stdout: servers } = await world.kugetsu('server', 'list');
    const listedSettings = await world.kugetsu('config', 'list');
    if (listedSettings.code !== 0) problems.push(`config list: ${listedSettings.stderr}`);
    const there = variables.includes(`value ${number}\n`) || variables.endsWith(`value ${number}`);
    if (code === 0 && !there) problems.push(lost('the variable was set, and is not there'));
    if (code === 0 && !servers.includes(`server-${number}\t`))
      problems.push(lost('the server was added, and is not there'));
    return problems;
  },
};

function without(issues: Readonly<Record<string, string>>, ref: string): Record<string, string> {
  return Object.fromEntries(Object.entries(issues).filter(([known]) => known !== ref));
}

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  enqueue,
  delegate,
  notify,
  goesOut,
  forget,
  plainStart,
  startOver,
  firstStart,
  continued,
  destroy,
  destroyThenStart,
  stop,
  stopPm,
  prune,
  mend,
  configure,
  issueTask,
  pmTask,
  ...QUEUE_SCENARIOS,
  ...MANY_TASKS_SCENARIOS,
  ...LIMIT_SCENARIOS,
  ...SET_UP_SCENARIOS,
];
