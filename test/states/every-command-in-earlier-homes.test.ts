// Slow: every command is run in each home of an earlier version.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cutOffWorld, firstReleaseWorld, limitedWorld, scriptWorld } from '../support/compat-home.ts';
import { issue, readJson } from '../support/fake-world.ts';
import { BINARY, processesOf, run, until, type World } from '../support/world.ts';

interface Home {
  readonly make: () => Promise<World>;
  /** An issue with a session, a worktree and work in it. */
  readonly ref: string;
  readonly server: string;
  /** A setting that its config has. */
  readonly setting: string;
  /** Its finished tasks are older than seven days, and so a daemon clears them. */
  readonly isOld?: true;
  /** The issue has had no run of which there is a log. */
  readonly hasNoLog?: true;
}

const HOMES: Readonly<Record<string, Home>> = {
  'bash-script': {
    make: scriptWorld,
    ref: issue(14),
    server: 'github',
    setting: 'MAX_CONCURRENT_AGENTS',
    isOld: true,
    hasNoLog: true,
  },
  '0.1.0': { make: firstReleaseWorld, ref: issue(1), server: 'forge', setting: 'MAX_CONCURRENT_AGENTS' },
  'set-up-and-limits': { make: limitedWorld, ref: issue(1), server: 'forge', setting: 'MAX_CONCURRENT_AGENTS' },
  '0.1.0-cut-off': { make: cutOffWorld, ref: issue(2), server: 'forge', setting: 'MAX_CONCURRENT_AGENTS' },
};

interface Call {
  readonly args: (home: Home) => readonly string[];
  /** Its exit code; 0 unless told. */
  readonly code?: number | ((home: Home) => number);
  /** It changes something, or starts something that does: the home is as it was for the next one. */
  readonly changes?: true;
  /** What it is there to take away. */
  readonly takes?: (home: Home) => RegExp;
  /** As on a machine without opencode: a daemon looks at every task, and can begin none. */
  readonly withoutOpencode?: true;
}

const reads = (...args: readonly string[]): Call => ({ args: () => args });
const changes = (...args: readonly string[]): Call => ({ args: () => args, changes: true });
const nothing = /(?!)/;
const ofDaemon = ({ isOld }: Home): RegExp => (isOld === true ? /^task \S+ (?:completed|error) / : nothing);
const ofIssue = ({ ref }: Home): RegExp => new RegExp(`of ${ref}$`);

/** At least one call of every command; the first word or two of its arguments are its name. */
const CALLS: readonly Call[] = [
  changes('init', '--headless', '--force'),
  changes('delegate', 'hello'),
  { ...changes('start'), args: ({ ref }) => ['start', ref, 'fake: reply hello', '--follow'] },
  { ...changes('continue'), args: ({ ref }) => ['continue', ref, 'fake: reply hello', '--follow'] },
  // Nobody is at work any more.
  { ...changes('stop'), args: ({ ref }) => ['stop', ref], code: 1 },
  reads('list'),
  reads('list', '--json'),
  { ...reads('list', '--host', 'b'), code: 1 },
  reads('status'),
  reads('status', '--json'),
  reads('watch', '--once'),
  reads('watch', '--once', '--json'),
  // This machine has no such address: else it would go on until it is ended.
  { ...reads('web', '--keep-token', '--listen', '192.0.2.1'), code: 1 },
  reads('logs'),
  { args: ({ ref }) => ['logs', ref], code: ({ hasNoLog }) => (hasNoLog === true ? 1 : 0) },
  { ...changes('wait', 'q_0mwrzy3vsoanbch2t'), code: 1 },
  // There is no terminal.
  { args: ({ ref }) => ['attach', ref], code: 2 },
  { args: ({ ref }) => ['show', ref], code: ({ hasNoLog }) => (hasNoLog === true ? 1 : 0) },
  { args: ({ ref }) => ['path', ref] },
  { args: ({ ref }) => ['diff', ref, '--stat'] },
  { ...changes('destroy'), args: ({ ref }) => ['destroy', ref, '-y'], takes: ofIssue },
  { ...changes('destroy', '--base', '-y'), takes: () => /^session \S+ of (?:base|pm-agent)$/ },
  reads('prune'),
  // The sessions of starts that were followed by another one.
  { ...changes('prune', '--force'), takes: () => /^earlier session / },
  reads('rescued'),
  { ...changes('queue enqueue'), args: ({ ref }) => ['queue', 'enqueue', ref, 'hello'] },
  reads('queue', 'list'),
  reads('queue', 'list', '--json'),
  reads('queue', 'stats'),
  { args: ({ ref }) => ['queue', 'explain', ref] },
  { ...changes('queue', 'cancel', '--all-pending', '-y'), takes: () => /^task \S+ open / },
  { ...changes('queue', 'retry', '--all-failed'), takes: () => /^task \S+ error / },
  // There is no such task.
  { ...changes('queue', 'edit', 'q_0mwrzy3vsoanbch2t', '--message', 'hello'), code: 1 },
  { ...changes('queue', 'move', 'q_0mwrzy3vsoanbch2t', '--first'), code: 1 },
  changes('queue', 'pause', '--reason', 'an upgrade'),
  changes('queue', 'resume'),
  { ...changes('queue', 'clear'), takes: () => /^task \S+ (?:completed|error) / },
  { ...changes('queue-daemon', 'start'), withoutOpencode: true, takes: ofDaemon },
  { ...changes('queue-daemon', 'restart'), withoutOpencode: true, takes: ofDaemon },
  { ...changes('queue-daemon', 'run', '--once'), withoutOpencode: true, takes: ofDaemon },
  changes('queue-daemon', 'stop'),
  // It says that none is running.
  { ...reads('queue-daemon', 'status'), code: 3 },
  reads('queue-daemon', 'logs'),
  reads('queue-daemon', 'install', '--cron', '--dry-run'),
  reads('queue-daemon', 'uninstall', '--dry-run'),
  // Nothing listens on port 1, and the home is in no fleet.
  { ...changes('fleet', 'join', 'postgres://me@127.0.0.1:1/kugetsu'), code: 4 },
  { ...changes('fleet', 'join', 'postgres://me@127.0.0.1:1/kugetsu', '--json'), code: 4 },
  { ...changes('fleet', 'leave'), code: 1 },
  { ...reads('fleet', 'status'), code: 1 },
  { ...changes('fleet', 'drain'), code: 1 },
  { ...changes('fleet', 'forget', 'b'), code: 1 },
  { ...changes('fleet', 'base', 'push'), code: 1 },
  { ...changes('fleet', 'base', 'pull'), code: 1 },
  { ...changes('fleet move'), args: ({ ref }) => ['fleet', 'move', ref], code: 1 },
  reads('notify', 'list'),
  changes('notify', 'send', 'hello'),
  // The settings name nowhere for it to go.
  { ...reads('notify', 'test'), code: 3 },
  { ...changes('notify', 'clear'), takes: () => /^unread / },
  reads('stats'),
  reads('stats', '--by', 'issue', '--json'),
  reads('server', 'list'),
  changes('server', 'add', 'lab', 'https://gitlab.com'),
  { ...changes('server remove'), args: ({ server }) => ['server', 'remove', server], takes: () => /^server / },
  { ...changes('server default'), args: ({ server }) => ['server', 'default', server] },
  { args: ({ server }) => ['server', 'get', server] },
  reads('repo', 'list'),
  reads('repo', 'show', 'forge.test/acme/demo'),
  changes('repo', 'set', 'forge.test/acme/demo', 'setup', 'true'),
  changes('repo', 'unset', 'forge.test/acme/other', 'setup'),
  reads('config', 'list'),
  { args: ({ setting }) => ['config', 'get', setting] },
  { ...changes('config set'), args: ({ setting }) => ['config', 'set', setting, '4'], takes: ofSetting },
  { ...changes('config unset'), args: ({ setting }) => ['config', 'unset', setting], takes: ofSetting },
  reads('env', 'list'),
  reads('env', 'show'),
  reads('env', 'get', 'COLOUR'),
  changes('env', 'set', 'TASTE', 'sweet'),
  { ...changes('env', 'rm', 'COLOUR'), takes: () => /^line of default.env: COLOUR=/ },
  reads('skill', 'show'),
  changes('skill', 'install'),
  changes('skill', 'uninstall'),
  ...['bash', 'zsh', 'fish'].map((shell) => reads('completion', shell)),
  changes('completion', 'install', 'bash'),
  changes('completion', 'uninstall', 'bash'),
  // Tasks have waited since then for a daemon, and that is for a person to see to.
  { ...reads('doctor', '--no-model'), code: 1 },
  { ...changes('doctor', '--no-model', '--fix'), code: 1 },
];

function ofSetting({ setting }: Home): RegExp {
  return new RegExp(`^line of config: ${setting}=`);
}

/** The words of every command that the program has, by its own help. */
async function everyCommand(words: readonly string[] = []): Promise<string[]> {
  const options = { cwd: '/', env: { PATH: '/usr/bin:/bin' } };
  const { stdout } = await run([...BINARY, ...words, '--help'], options);
  // The commands of the program stand under several headings.
  const listed = stdout.split(/^(?=\S)/m).filter((part) => /^(?:Work|Look|Set up|Clean up|Commands):$/m.test(part));
  const names = [...listed.join('').matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
  const own = names.filter((name) => name !== 'help');
  if (own.length === 0) return [words.join(' ')];
  return (await Promise.all(own.map(async (name) => everyCommand([...words, name])))).flat();
}

// Each is asked for its help.
test('each command that there is has a call below', async () => {
  const commands = await everyCommand();
  expect(commands).toContain('queue-daemon restart');
  const [home] = Object.values(HOMES);
  if (home === undefined) throw new Error('there is no home');
  const called = CALLS.map(({ args }) => args(home).join(' '));
  expect(commands.filter((words) => !called.some((line) => `${line} `.startsWith(`${words} `)))).toEqual([]);
});

/** What a home holds for its user, one line a thing. */
async function kept(world: World): Promise<string[]> {
  const { home } = world;
  return [
    ...tasksIn(home),
    ...sessionsIn(home),
    ...unreadIn(home),
    ...Object.keys(objectIn(home, 'repos.json')).map((name) => `repository ${name}`),
    ...serversIn(home).map((name) => `server ${name}`),
    ...['config', 'env/default.env', 'env/pm-agent.env'].flatMap((name) => linesOf(home, name)),
    ...(await draftsIn(world)),
  ];
}

function objectIn(home: string, name: string): Record<string, unknown> {
  return existsSync(join(home, name)) ? (readJson(join(home, name)) as Record<string, unknown>) : {};
}

function tasksIn(home: string): string[] {
  const names = readdirSync(join(home, 'queue', 'items')).filter((name) => /^q_.*\.json$/.test(name));
  return names.map((name) => {
    const { message, state } = objectIn(home, `queue/items/${name}`);
    const ended = state === 'completed' || state === 'error';
    return `task ${name.replace('.json', '')} ${ended ? state : 'open'} ${String(message)}`;
  });
}

/** Every session of a session file, today's or an earlier one, and whose it is. */
function sessionsIn(home: string): string[] {
  const issues = Object.entries((objectIn(home, 'index.json')['issues'] ?? {}) as Record<string, string>);
  return readdirSync(join(home, 'sessions')).flatMap((name) => {
    const text = readFileSync(join(home, 'sessions', name), 'utf8');
    const [owner = name.replace('.json', '')] = issues.find(([, file]) => file === name) ?? [];
    return [...text.matchAll(/("opencode_session_id": ?)?"(ses_\w+)"/g)].map(
      ([, current, id = '']) => `${current === undefined ? 'earlier ' : ''}session ${id} of ${owner}`,
    );
  });
}

function unreadIn(home: string): string[] {
  const inbox: unknown = readJson(join(home, 'notifications.json'));
  const posted = join(home, 'notifications.new');
  const more = existsSync(posted) ? readdirSync(posted).map((name) => readJson(join(posted, name))) : [];
  const all = Array.isArray(inbox) ? inbox : (inbox as { readonly notifications: unknown[] }).notifications;
  const notifications = [...all, ...more] as { readonly read?: boolean; readonly message: string }[];
  return notifications.filter(({ read }) => read !== true).map(({ message }) => `unread ${message}`);
}

function serversIn(home: string): string[] {
  return Object.keys(objectIn(home, 'servers.json')['servers'] ?? {});
}

function linesOf(home: string, name: string): string[] {
  const lines = readFileSync(join(home, name), 'utf8').split('\n');
  return lines.filter((line) => /^[^#\s]/.test(line)).map((line) => `line of ${name.replace('env/', '')}: ${line}`);
}

/** The drafts that agents have not committed, in worktrees, moved aside or on rescue refs. */
async function draftsIn(world: World): Promise<string[]> {
  const { home } = world;
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?:^|\/)draft\.txt$/.test(name),
  );
  const texts = files.map((name) => readFileSync(join(home, name), 'utf8'));
  const repositories = existsSync(join(home, 'repos')) ? readdirSync(join(home, 'repos')) : [];
  for (const repository of repositories.filter((name) => name.endsWith('.git'))) {
    const git = ['git', '--git-dir', join(home, 'repos', repository)];
    const options = { cwd: world.root, env: world.env };
    const { stdout } = await run([...git, 'for-each-ref', '--format=%(refname)', 'refs/kugetsu/'], options);
    for (const ref of stdout.split('\n').filter((line) => line !== '')) {
      const draft = await run([...git, 'show', `${ref}:draft.txt`], options);
      if (draft.code === 0) texts.push(draft.stdout);
    }
  }
  return texts.map((text, index) => `draft ${text.trim()}${text.includes('issue') ? '' : ` ${index}`}`);
}

/** Puts the world back as it was. */
function restore(world: World, from: string): void {
  for (const name of readdirSync(world.root)) rmSync(join(world.root, name), { recursive: true, force: true });
  cpSync(from, world.root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

/** Calls one command, and waits for what it started. @returns what is wrong with that, in words */
async function tryIt(world: World, home: Home, call: Call): Promise<string[]> {
  const before = await kept(world);
  const args = call.args(home);
  const there = call.withoutOpencode === true ? world.withEnv({ KUGETSU_OPENCODE: join(world.root, 'none') }) : world;
  const { code, stdout, stderr } = await there.kugetsu(...args);
  if (call.withoutOpencode === true) await world.kugetsu('queue-daemon', 'stop');
  if (call.changes === true) await until('all has ended', () => processesOf(world.root).length === 0);
  const after = new Set(await kept(world));
  const takes = call.takes?.(home) ?? nothing;
  const expected = typeof call.code === 'function' ? call.code(home) : (call.code ?? 0);
  // A session that another one has followed is still known.
  const isKept = (thing: string): boolean => after.has(thing) || after.has(`earlier ${thing}`);
  const lost = before.filter((thing) => !isKept(thing) && !takes.test(thing));
  const wrong = [
    ...(code === expected ? [] : [`exit code ${code}: ${stderr}${stdout}`]),
    ...(/internal error|a bug in kugetsu|^ +at .*:\d+\)?$/m.test(stderr + stdout) ? [stderr + stdout] : []),
    ...lost.map((thing) => `lost: ${thing}`),
  ];
  return wrong.map((text) => `kugetsu ${args.join(' ')}: ${text}`);
}

// Some fifty commands, half of which change the home, which is put back each time: half a minute for each home.
test.each(Object.entries(HOMES))('every command takes the home %s as it is, and loses nothing', async (_name, home) => {
  const made = await home.make();
  const world = made.withEnv({ PATH: `${join(made.root, 'bin')}:${made.env['PATH']}` });
  for (const name of ['notes', 'bin']) mkdirSync(join(world.root, name), { recursive: true });
  writeFileSync(join(world.root, 'notes', 'go'), '');
  // A crontab of this world, which is empty.
  writeFileSync(join(world.root, 'bin', 'crontab'), '#!/bin/sh\n', { mode: 0o755 });
  expect((await kept(world)).length).toBeGreaterThan(15);
  const copy = `${world.root}-as-it-was`;
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(world.root, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  const wrong: string[] = [];
  for (const call of CALLS) {
    wrong.push(...(await tryIt(world, home, call)));
    if (call.changes === true) restore(world, copy);
  }
  expect(wrong).toEqual([]);
});
