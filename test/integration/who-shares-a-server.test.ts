// Slow: servers are started, and end themselves.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Lease } from '../../src/adapters/opencode/server/lease.ts';
import { PLUGIN_SOURCE } from '../../src/adapters/opencode/server/plugin-source.ts';
import { issue, REF, runOf, succeeded, verdictOf } from '../support/fake-world.ts';
import { delegate, finishedTask } from '../support/queue-world.ts';
import { serverPids } from '../support/server-pids.ts';
import { busy, logOf, sharingWorld } from '../support/sharing-world.ts';
import { FAKE_OPENCODE, killQuietly, processesOf, until, type World } from '../support/world.ts';

test('agents with other provider keys work in another server, a third one as a process', async () => {
  const world = await sharingWorld();
  const pids: number[] = [];
  for (const number of [1, 2, 3]) {
    pids.push(await busy(world.withEnv({ ANTHROPIC_API_KEY: `key-${number}` }), issue(number)));
  }
  expect(new Set(pids).size).toBe(3);
  expect(new Set(serverPids(world.home))).toEqual(new Set(pids.slice(0, 2)));
  expect(await logOf(world, issue(3))).toContain('there are 2 servers already');
  for (const number of [1, 2, 3]) succeeded(await world.kugetsu('stop', issue(number)));
});

test('when opencode is replaced, the next agent has another server; the old one serves its agent to the end, and is gone', async () => {
  const world = await sharingWorld();
  const [program, version] = [join(world.root, 'opencode'), join(world.root, 'version')];
  const putThere = (script: string): void => {
    writeFileSync(`${program}.new`, script, { mode: 0o755 });
    renameSync(`${program}.new`, program);
  };
  const script = `#!/bin/sh\nFAKE_OPENCODE_VERSION=$(cat ${version}) exec ${FAKE_OPENCODE} "$@"\n`;
  const own = world.withEnv({ KUGETSU_OPENCODE: program });
  writeFileSync(version, '1.18.33');
  putThere(script);
  const end = join(world.root, 'end');
  succeeded(await own.kugetsu('start', issue(1), `fake: sh until [ -e ${end} ]; do sleep 0.1; done; echo to the end`));
  const { agent_pid: old } = await runOf(own, issue(1));
  // Another program of the same version, and a shim that now runs another version.
  const replaced = [() => putThere(`${script}# Built anew.\n`), () => writeFileSync(version, '1.18.34')];
  for (const [index, replace] of replaced.entries()) {
    replace();
    const next = issue(2 + index);
    const pid = await busy(own, next);
    expect(new Set(serverPids(world.home))).toEqual(new Set([pid, old]));
    succeeded(await own.kugetsu('stop', next));
    await until('the newer server has ended itself', () => !serverPids(world.home).includes(pid));
  }
  expect((await runOf(own, issue(1))).phase).toBe('working');
  writeFileSync(end, '');
  expect(await verdictOf(own, issue(1))).toMatchObject({ outcome: 'succeeded', reply: 'It printed: to the end' });
  expect((await runOf(own, issue(1))).agent_pid).toBe(old);
  await until('the old server has ended itself', () => processesOf(world.root).length === 0);
  expect(serverPids(world.home)).toEqual([]);
});

test('the agents that a PM agent starts share the server of all others; the PM agent, who has a skill more, has its own', async () => {
  const world = await sharingWorld({ AGENT_SERVER_IDLE_SECONDS: '60' });
  const pid = await busy(world, issue(1));
  succeeded(await world.kugetsu('queue-daemon', 'start'));
  succeeded(await world.kugetsu('env', 'set', 'OF_THE_PM', 'secret', 'pm-agent'));
  // A turn of the stand-in is a process below the server, and its tools have a date for git.
  const said = `echo "$KUGETSU_AGENT $OF_THE_PM." $(sed -n "s/^PPid:.//p" /proc/$PPID/status)`;
  const child = `env -u GIT_AUTHOR_DATE kugetsu start '${issue(2)}' 'fake: sh ${said}' >&2`;
  const { state, reply } = await finishedTask(world, await delegate(world, `fake: sh ${said}; ${child}`));
  expect(state).toBe('completed');
  const own = Number(/^It printed: pm-agent secret\. (\d+)$/m.exec(reply ?? '')?.[1]);
  expect((await verdictOf(world, issue(2))).reply).toBe(`It printed: dev-agent . ${pid}`);
  expect(new Set(serverPids(world.home))).toEqual(new Set([pid, own]));
  succeeded(await world.kugetsu('queue-daemon', 'stop'));
  succeeded(await world.kugetsu('stop', issue(1)));
  for (const server of serverPids(world.home)) killQuietly(server);
});

test('a repository, an issue and an agent may each choose another engine than the home', async () => {
  const world = await sharingWorld({ AGENT_SERVER_IDLE_SECONDS: '60' });
  const isShared = async (ref: string): Promise<boolean> => {
    succeeded(await world.kugetsu('start', ref, 'hello', '--follow'));
    return serverPids(world.home).includes((await runOf(world, ref)).agent_pid ?? -1);
  };
  const repository = issue(1).split('#')[0] ?? '';
  succeeded(await world.kugetsu('repo', 'set', repository, 'engine', 'process'));
  expect(await isShared(issue(1))).toBe(false);
  expect(serverPids(world.home)).toEqual([]);
  succeeded(await world.kugetsu('repo', 'set', issue(2), 'engine', 'server'));
  expect(await isShared(issue(2))).toBe(true);
  succeeded(await world.kugetsu('repo', 'unset', repository, 'engine'));
  succeeded(await world.kugetsu('env', 'set', 'AGENT_ENGINE', 'process', 'dev-agent'));
  expect(await isShared(issue(3))).toBe(false);
  succeeded(await world.kugetsu('env', 'set', 'AGENT_ENGINE', 'serve', 'dev-agent'));
  const refused = await world.kugetsu('start', issue(4), 'hello', '--follow');
  expect(refused.stderr).toContain('AGENT_ENGINE of dev-agent: must be auto, process or server, not serve');
  expect(refused.stderr).toContain('run: kugetsu env set AGENT_ENGINE process dev-agent');
  for (const pid of serverPids(world.home)) killQuietly(pid);
});

test('a server that has eight agents takes no further one, which is a process, and says so', async () => {
  const world = await sharingWorld();
  await busy(world, issue(1));
  const directory = join(world.home, 'engine');
  const socket = join(directory, readdirSync(directory).find((name) => name.endsWith('.sock')) ?? '');
  const others: Lease[] = [];
  for (let number = 2; number <= 8; number += 1) {
    const lease = await Lease.take(socket);
    if (lease === undefined) throw new Error('the server lets nobody hold it');
    others.push(lease);
    expect(lease.full).toBe(false);
    expect(await lease.work({ session: `ses_${number}`, directory, env: {}, words: [] })).toBe(true);
  }
  succeeded(await world.kugetsu('start', issue(2), 'hello', '--follow'));
  expect(await logOf(world, issue(2))).toContain('no shared server: the server has as many agents as it takes');
  for (const lease of others) lease.close();
  succeeded(await world.kugetsu('stop', issue(1)));
});

/** What the plugin of a server with this limit for its memory says to one who comes. */
async function isFull(world: World, mostBytes: number): Promise<boolean> {
  const socket = join(world.root, `${mostBytes}.sock`);
  const plugin = join(world.root, 'plugin.mjs');
  writeFileSync(plugin, PLUGIN_SOURCE);
  const files = { record: `${socket}.json`, socket, log: `${socket}.log`, temporary: `${socket}.tmp` };
  const given = { url: 'http://127.0.0.1:1', ...files, idleMs: 600_000, firstMs: 600_000, mostRuns: 8, mostBytes };
  const env = { ...world.env, KUGETSU_ENGINE: JSON.stringify(given), OPENCODE_SERVER_PASSWORD: 'secret' };
  const { pid = -1 } = spawn(process.execPath, [plugin], { env, stdio: 'ignore' });
  const lease = await until('the plugin answers', async () => Lease.take(socket));
  const isTaken = await lease.work({ session: 'ses_1', directory: world.root, env: {}, words: [] });
  killQuietly(pid);
  await lease.gone;
  expect(isTaken).toBe(!lease.full);
  return lease.full;
}

test('a server that has 1.5 GB of memory takes no further agent', async () => {
  const world = await sharingWorld();
  const pid = await busy(world, REF);
  // Nothing of that size is made here: the limit is what a server is told, and the plugin keeps to a smaller one, too.
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain(`"mostBytes":${1.5 * 1024 ** 3}}`);
  expect(await isFull(world, 1.5 * 1024 ** 3)).toBe(false);
  expect(await isFull(world, 1)).toBe(true);
  succeeded(await world.kugetsu('stop', REF));
});
