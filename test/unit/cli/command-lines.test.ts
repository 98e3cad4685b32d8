import { expect, test } from 'vitest';
import { parsedRequest } from '../../../src/cli/parse.ts';
import { plainRequest } from '../../../src/cli/plain-call.ts';
import type { Given } from '../../../src/cli/table/entry.ts';

const ANY_TIME = { priority: undefined, after: [], afterAny: false, at: undefined };
const ALL_TASKS = { all: false, limit: undefined, ref: undefined, since: undefined, state: undefined };
const REF = 'forge.test/acme/demo#1';
const RUN = { here: false, follow: false, fresh: false, queue: false, debug: false, json: false };

/** What a line asks for, and what is printed instead when it asks for nothing that can be done. */
async function read(args: readonly string[]): Promise<{ asked: unknown; said: string }> {
  let said = '';
  const print = (text: string): void => {
    said += text;
  };
  const request = (await plainRequest(args)) ?? (await parsedRequest({ out: print, err: print }, args));
  const asked = typeof request === 'number' ? request : [request.command.words, request.given];
  return { asked, said };
}

const LINES: readonly (readonly [line: readonly string[], words: string, given: Given])[] = [
  [['init'], 'init', { force: false, headless: false, model: undefined, prompt: undefined }],
  [
    ['init', '--headless', '--prompt', 'Know this.', '--model=a/b', '--force'],
    'init',
    { force: true, headless: true, model: 'a/b', prompt: 'Know this.' },
  ],
  [['delegate', 'do it'], 'delegate', { message: 'do it', ...ANY_TIME, follow: false, json: false }],
  [['delegate', '--json', '-'], 'delegate', { message: '-', ...ANY_TIME, follow: false, json: true }],
  [['delegate', '--', '--fix it'], 'delegate', { message: '--fix it', ...ANY_TIME, follow: false, json: false }],
  [
    ['delegate', 'x', '--after', 'q_1', '--after=q_2', '--after-any', '--priority', '3', '--at', '+1h'],
    'delegate',
    { message: 'x', priority: '3', after: ['q_1', 'q_2'], afterAny: true, at: '+1h', follow: false, json: false },
  ],
  [['start', REF, 'do it'], 'start', { ...RUN, ref: REF, message: 'do it' }],
  [
    ['start', REF, 'do it', '-f', '--fresh'],
    'start',
    { ...RUN, ref: REF, message: 'do it', follow: true, fresh: true },
  ],
  [['start', '--queue', '--debug', REF, ''], 'start', { ...RUN, ref: REF, message: '', queue: true, debug: true }],
  [
    ['continue', REF, 'more', '--follow'],
    'continue',
    { ref: REF, message: 'more', follow: true, setup: false, queue: false, debug: false, json: false },
  ],
  [['stop', REF], 'stop', { what: REF, children: false, json: false }],
  [['stop', 'q_0mwrzy3vsoanbch2t', '--json'], 'stop', { what: 'q_0mwrzy3vsoanbch2t', children: false, json: true }],
  [['list'], 'list', { wide: false, json: false }],
  [['status', '--json'], 'status', { json: true }],
  [['logs'], 'logs', { what: undefined, follow: false, wide: false, json: false }],
  [['logs', '20', '--json'], 'logs', { what: '20', follow: false, wide: false, json: true }],
  [['logs', REF, '-f'], 'logs', { what: REF, follow: true, wide: false, json: false }],
  [['destroy', '--base', '-y'], 'destroy', { ref: undefined, yes: true, base: true, pmAgent: false }],
  [['destroy', REF, '--yes'], 'destroy', { ref: REF, yes: true, base: false, pmAgent: false }],
  [['prune', '--older-than', '7'], 'prune', { force: false, olderThan: '7', merged: false, wide: false, json: false }],
  [
    ['rescued', 'id', '--apply', '--into', 'd'],
    'rescued',
    { what: 'id', apply: true, into: 'd', wide: false, json: false },
  ],
  [
    ['queue', 'enqueue', REF, 'x', '--fresh'],
    'queue enqueue',
    { ref: REF, message: 'x', fresh: true, setup: false, ...ANY_TIME, once: false, json: false },
  ],
  [['start', REF, 'x', '--pr', '92'], 'start', { ...RUN, ref: REF, message: 'x', pr: '92' }],
  [
    ['queue', 'enqueue', REF, 'x', '--pr=92', '--setup'],
    'queue enqueue',
    { ref: REF, message: 'x', fresh: false, pr: '92', setup: true, ...ANY_TIME, once: false, json: false },
  ],
  [['queue', 'list'], 'queue list', { ...ALL_TASKS, wide: false, json: false }],
  [['queue', 'list', '--json'], 'queue list', { ...ALL_TASKS, wide: false, json: true }],
  [
    ['queue', 'list', '--state=error', '--json'],
    'queue list',
    { ...ALL_TASKS, state: 'error', wide: false, json: true },
  ],
  [
    ['queue', 'cancel', 'q_1', 'q_2', '-y'],
    'queue cancel',
    { tasks: ['q_1', 'q_2'], allPending: false, yes: true, json: false },
  ],
  [['queue', 'stats'], 'queue stats', { json: false }],
  [['queue', 'clear', '--all-finished'], 'queue clear', { allFinished: true, json: false }],
  [['queue-daemon', 'run', '--background'], 'queue-daemon run', { once: false, background: true }],
  [['queue-daemon', 'run', '--once'], 'queue-daemon run', { once: true, background: false }],
  [['queue-daemon', 'logs', '9'], 'queue-daemon logs', { count: '9' }],
  [
    ['queue-daemon', 'install', '--cron'],
    'queue-daemon install',
    { systemd: false, launchd: false, cron: true, dryRun: false },
  ],
  // A group runs its default.
  [['notify'], 'notify list', { all: false, type: [], limit: undefined, wide: false, json: false }],
  [['notify', '--all'], 'notify list', { all: true, type: [], limit: undefined, wide: false, json: false }],
  [['server'], 'server list', { wide: false, json: false }],
  [['config', '--json'], 'config list', { wide: false, json: true }],
  [['notify', 'send', 'hi'], 'notify send', { message: 'hi', type: 'message', issueRef: undefined, json: false }],
  [
    ['notify', 'send', '--type', 'news', '--issue-ref', REF, '--', '-x'],
    'notify send',
    { message: '-x', type: 'news', issueRef: REF, json: false },
  ],
  [['server', 'default'], 'server default', { name: undefined, none: false }],
  [['repo'], 'repo list', { wide: false, json: false }],
  [['repo', 'show', 'a/b'], 'repo show', { repository: 'a/b', key: undefined, wide: false, json: false }],
  [['repo', 'set', 'a/b', 'copy', 'x', 'y'], 'repo set', { repository: 'a/b', key: 'copy', value: ['x', 'y'] }],
  [['config', 'set', 'A', 'b'], 'config set', { key: 'A', value: 'b' }],
  [['env', 'show'], 'env show', { agent: 'default', wide: false, json: false }],
  [['env', 'set', 'A', '-'], 'env set', { key: 'A', value: '-', agent: 'default' }],
  [['env', 'get', 'A', 'pm-agent', '--json'], 'env get', { key: 'A', agent: 'pm-agent', json: true }],
  [['skill', 'install'], 'skill install', { for: 'opencode', dryRun: false, json: false }],
  [['skill', 'install', '--for', 'claude'], 'skill install', { for: 'claude', dryRun: false, json: false }],
  [['completion', 'bash'], 'completion bash', {}],
  [['completion', 'install', 'zsh', '--dry-run'], 'completion install', { shell: 'zsh', dryRun: true, json: false }],
  [
    ['doctor'],
    'doctor',
    { fix: false, fixPermissions: false, canary: false, tryOpencode: false, model: true, json: false },
  ],
  [
    ['doctor', '--no-model', '--fix-permissions'],
    'doctor',
    { fix: false, fixPermissions: true, canary: false, tryOpencode: false, model: false, json: false },
  ],
  [['__complete', '--', 'queue', '--st'], '__complete', { words: ['queue', '--st'] }],
  [['__complete'], '__complete', { words: [] }],
  [['__runner', 'r_1'], '__runner', { runId: 'r_1' }],
];

test.each(LINES)('%j asks for %s', async (line, words, given) => {
  expect(await read(line)).toEqual({ asked: [words, given], said: '' });
});

test.each([
  [['start', REF], "missing required argument 'message'"],
  [['stop', REF, 'now'], 'too many arguments'],
  [['list', '--jsn'], 'Did you mean --json?'],
  [['strat'], 'Did you mean start?'],
  [['skill', 'install', '--for', 'nobody'], 'Allowed choices are opencode, claude, agents'],
  [['completion', 'install', 'tcsh'], 'Allowed choices are bash, zsh, fish'],
  [['queue', 'list', '--state'], 'argument missing'],
  [['delegate', '--fix it'], "run: kugetsu delegate -- '--fix it'"],
  [['queue'], 'Usage: kugetsu queue'],
  [[], 'Usage: kugetsu'],
])('%j is a mistake: exit code 2, and %s', async (line, says) => {
  const { asked, said } = await read(line);
  expect(said).toContain(says);
  expect(asked).toBe(2);
});

test.each([
  [['--help'], 'Look:'],
  [['help', 'start'], 'Usage: kugetsu start'],
  [['queue', 'list', '--help'], 'Usage: kugetsu queue list'],
  [['help'], 'Work:'],
])('%j is answered: exit code 0', async (line, says) => {
  const { asked, said } = await read(line);
  expect(said).toContain(says);
  expect(asked).toBe(0);
});

test('an unknown command of a group is refused before anything is parsed', async () => {
  await expect(read(['config', 'lst'])).rejects.toThrow('unknown command "config lst"');
});
