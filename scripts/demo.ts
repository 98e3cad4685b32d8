// Runs kugetsu's main job for real in a throw-away home: the real opencode, a scripted model server on loopback instead
// of a paid model, and a local repository instead of a git server. Nothing of the user's is touched.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { shellQuote } from '../src/util/text.ts';
import { growBase, UNDONE } from '../test/support/project-session.ts';
import { startScriptedModel } from '../test/support/scripted-model.ts';
import {
  gitIn,
  makeRemote,
  makeWorld,
  mapRepositories,
  REAL_OPENCODE,
  until,
  type World,
} from '../test/support/world.ts';

const REF = 'forge.test/acme/demo#14';
const OTHER_REF = 'forge.test/acme/demo#15';
/** How wide a terminal the commands are to have; none without. */
const COLUMNS = process.env['DEMO_COLUMNS'];
const KNOWLEDGE = 'This project greets people. Every change gets a commit of its own.';

const model = await startScriptedModel();
model.on(/fix the greeting/, [
  { bash: 'pwd && git branch --show-current' },
  {
    bash: "echo 'Hello, world.' > greeting.txt && git add greeting.txt && git commit -q -m 'Fix the greeting' && git log --oneline -1",
  },
  { text: 'The greeting is fixed and committed.' },
]);
model.on(/# The task\s+please get issue 15 done/, [
  { bash: 'kugetsu list --json | grep issue_ref' },
  { bash: `kugetsu start '${OTHER_REF}' 'write the farewell'` },
  { bash: `kugetsu notify send 'An agent is at work on the farewell.' --issue-ref '${OTHER_REF}'` },
  { text: 'I have put an agent to work on issue 15.' },
]);
model.on(/^write the farewell/m, [
  {
    bash: "echo 'Goodbye.' > farewell.txt && git add farewell.txt && git commit -q -m 'Add a farewell' && git push -q origin HEAD",
  },
  { text: 'The farewell is committed and pushed.' },
]);
model.on(/add a test/, [
  {
    bash: "printf '#!/bin/sh\\ngrep -q Hello greeting.txt\\n' > check.sh && sh check.sh && git add check.sh && git commit -q -m 'Test the greeting' && git log --oneline",
  },
  { text: 'There is a test now, and it passes.' },
]);

const world = makeWorld({ opencode: REAL_OPENCODE, modelPort: model.port });
let failed = false;
try {
  await demo(world);
} catch (error) {
  failed = true;
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  const left = await world.destroy();
  await model.close();
  if (left.length > 0) {
    failed = true;
    console.error(`Processes were left behind:\n${left.join('\n')}`);
  }
}
console.log(failed ? '' : '\nDone: no process, session or file of the demo is left.');
process.exitCode = failed ? 1 : 0;

async function demo(demoWorld: World): Promise<void> {
  say('A local repository stands in for the git server, and a scripted model for a paid one.');
  const remote = await makeRemote(demoWorld, 'demo', { 'README.md': '# demo\n', 'greeting.txt': 'Helo, wrld.\n' });
  mapRepositories(demoWorld, { 'forge.test/acme/demo': remote });
  mkdirSync(demoWorld.project, { recursive: true });

  say('A base session that knows the project, and the PM agent.');
  await show('init', '--headless', '--prompt', KNOWLEDGE);
  await show('status');
  const { base, subagent } = await growBase(demoWorld);
  console.log(
    `  (put into it what a day in a project leaves: ${base.messages.length} messages, tool output, pictures, a`,
  );
  console.log(`  compaction, a subagent of ${subagent.messages.length} messages, and a question that was undone)`);

  say('An agent for issue 14: a fork of the base session, in a clean worktree of its own.');
  await show('start', REF, 'fix the greeting', '--follow');
  const informed = model.requests.some(
    ({ lastUserText, messages }) =>
      lastUserText.includes('fix the greeting') && JSON.stringify(messages).includes(KNOWLEDGE),
  );
  if (!informed) throw new Error('the agent did not know what the base session was told');
  if (JSON.stringify(model.requests).includes(UNDONE)) throw new Error('what was undone in the base came back');
  console.log('  (the model was sent what the base session had been told, and nothing that was undone)');

  say('The same session goes on with another message.');
  await show('continue', REF, 'add a test', '--follow');
  await show('list');
  await show('show', REF);

  const worktree = join(demoWorld.home, 'worktrees', 'forge.test-acme-demo-14');
  say(`What the agent left in ${worktree}:`);
  console.log(indent(await gitIn(demoWorld, worktree, 'log', '--oneline', '--decorate')));

  say('Unattended: a task for the PM agent goes into the queue, and the daemon does the rest.');
  await show('queue-daemon', 'start');
  await show('delegate', 'please get issue 15 done');
  await until(
    'the delegated task is done',
    async () => {
      const { stdout } = await demoWorld.kugetsu('queue', 'stats', '--json');
      const { pending, notified } = JSON.parse(stdout) as { readonly pending: number; readonly notified: number };
      return pending + notified === 0;
    },
    180_000,
  );
  await show('queue', 'list');
  await show('notify', 'list');
  await show('queue-daemon', 'stop');
  console.log(indent(await gitIn(demoWorld, remote, 'log', '--oneline', 'fix/issue-15')));

  say('Done with the issue. Commits that were never pushed are saved first.');
  await show('destroy', REF, '-y');
  await show('list');
}

async function show(...args: readonly string[]): Promise<void> {
  const words = args.map((arg) => (/[\s#]/.test(arg) ? JSON.stringify(arg) : arg));
  console.log(`\n$ kugetsu ${words.join(' ')}`);
  const startedAt = Date.now();
  const [command = '', ...rest] = onTerminal([...world.command, ...args]);
  const child = spawn(command, rest, {
    cwd: world.project,
    env: { ...world.env, ...(COLUMNS === undefined ? {} : { COLUMNS, TERM: 'xterm' }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) onLines(stream, (line) => console.log(`  ${line}`));
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  console.log(`  (exit code ${code}, ${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  if (code !== 0) throw new Error(`kugetsu ${args[0] ?? ''} ended with exit code ${code}`);
}

/** What comes to the end of each line; on a terminal a line has what was written over, too. */
function onLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach((line) => onLine(line));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

/** The command as it is, or on a terminal of its own. */
function onTerminal(words: readonly string[]): readonly string[] {
  if (COLUMNS === undefined) return words;
  const line = words.map((word) => shellQuote(word)).join(' ');
  return ['script', '--quiet', '--flush', '--return', '--command', line, '/dev/null'];
}

function say(text: string): void {
  console.log(`\n# ${text}`);
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
