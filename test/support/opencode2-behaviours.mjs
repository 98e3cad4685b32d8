// What the agent of the double of opencode 2 plays by name. A failure that opencode 1.18 has, too, has the name that it has there
// (fake-agent.mjs, fake-misbehaviour.mjs).
import { existsSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorOf } from './opencode2-model.mjs';
import { forget } from './opencode2-store.mjs';

const NEVER = new Promise(() => undefined);

const noReason = (turn) =>
  turn.fail({ type: 'provider.invalid-output', message: 'Provider stream ended without a terminal finish event' });

export const BEHAVIOURS = {
  reply: (turn, argument, message) => turn.reply(argument || `You said: ${message.slice(0, 200)}`),
  async sh(turn, command) {
    turn.reply(`It printed: ${await turn.sh(command)}`);
  },
  finish: (turn, reason) => turn.reply('That is all.', reason),
  async ask(turn, argument) {
    const [action, resource] = argument.split(' ');
    const { decision } = await turn.question('asks', { action, resources: [resource] });
    turn.reply(`The answer was ${decision}.`);
  },
  async question(turn) {
    await turn.question('forms', { title: 'Which?', fields: [] });
    turn.reply('It was taken back.');
  },
  'denied-question'(turn) {
    turn.refuse('question', {}, 'No tool named "question" is currently available');
    turn.reply('I go on without an answer.');
  },

  // The model fails, which ends a turn after one call.
  'error-status': (turn, status) => turn.fail(errorOf(status)),
  'no-finish': noReason,
  length: (turn) => turn.reply('And so', 'length'),
  'content-filter': (turn) =>
    turn.fail({ type: 'provider.content-filter', message: 'The response was filtered by the provider' }),
  'bad-model': (turn) => turn.fail({ type: 'provider.no-route', message: 'Model unavailable: scripted/another' }),
  async 'wait-for-retry'(turn, status) {
    const id = turn.step();
    turn.update(id, { retry: { attempt: 2, at: Date.now() + 3_600_000, error: errorOf(status) } });
    await NEVER;
  },

  // The server fails.
  hang: () => NEVER,
  async stall(turn) {
    turn.step([{ type: 'text', text: 'so far' }]);
    await NEVER;
  },
  async freeze() {
    process.kill(process.pid, 'SIGSTOP');
    await NEVER;
  },
  die(turn) {
    turn.step([{ type: 'text', text: 'I was just about' }]);
    process.kill(process.pid, 'SIGKILL');
  },
  exit(_turn, argument) {
    const [, code, words] = /^(\d+) ?(.*)$/.exec(argument);
    if (words !== '') process.stderr.write(`${words}\n`);
    process.exit(Number(code));
  },
  error: (turn, message) => turn.fail({ type: 'unknown', message }),
  'locked-once'(turn, file) {
    if (existsSync(file)) return turn.reply('It was free this time.');
    writeFileSync(file, '');
    return turn.fail({ type: 'unknown', message: 'SQLITE_BUSY: database is locked' });
  },
  /** Fills the disk that its directory is on, and ends for it. */
  'fill-disk'(turn) {
    const file = openSync(join(turn.record.session.location.directory, 'full'), 'w');
    for (const block of [1024 * 1024, 4096, 1]) fill(file, Buffer.alloc(block));
    process.stderr.write('Error: ENOSPC: no space left on device, write\n');
    process.exit(1);
  },

  // What it says is odd.
  'huge-line': (turn) => turn.reply(`begin ${'x'.repeat(10 * 1024 * 1024)} end`),
  garbage(turn) {
    process.stdout.write(Buffer.from([0, 27, 91, 50, 74, 255, 254, 10]));
    process.stderr.write(Buffer.from([0, 27, 91, 50, 74, 255, 254, 10]));
    turn.reply('I am still here.');
  },
  'unknown-event'(turn) {
    turn.change(({ messages }) => messages.push({ id: 'brand_new', type: 'brand-new', time: { created: Date.now() } }));
    turn.step([{ type: 'brand-new', of: ['another', 'version'] }]);
    turn.reply('A whole answer.');
  },
  async leak(turn, name) {
    await turn.sh(`printf '%s\n' "$${name}"; kugetsu notify send "it is $${name}"`);
    process.stderr.write(`it is ${process.env[name]}\n`);
    turn.reply(`It is ${process.env[name]}.`);
  },

  // What it has stored is odd.
  /** The turn has ended, and is said to have failed: the outcome is the truth. */
  'fail-after-stop'(turn) {
    turn.reply('done');
    return 'failed';
  },
  /** Somebody else moves the session while it works. */
  wander(turn, directory) {
    turn.change(({ session }) => (session.location.directory = directory));
    turn.reply('done');
  },
  /** Somebody else deletes it. */
  async gone(turn) {
    forget(turn.id);
    await NEVER;
  },
};

function fill(file, block) {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  }
}
