// Failures known from the field that the agent of the stand-in for opencode plays by name, beside those in fake-agent.mjs.
import { spawn } from 'node:child_process';
import { existsSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { err, fail, forever, out } from './fake-agent.mjs';

const USAGE = 'opencode run [message..]\n\nrun opencode with a message\n\nOptions:\n  -m, --model  model to use\n';

/** A question that the rules of the session deny is an error that the model sees; any other waits for ever. */
const isDenied = (rules, permission) => {
  const rule = (rules ?? []).findLast((candidate) => [permission, '*'].includes(candidate.permission));
  return rule?.action === 'deny';
};

export const MISBEHAVIOURS = {
  'exit-1-after-success'(agent) {
    agent.start();
    agent.reply('All is well.');
    process.exitCode = 1;
  },
  async 'killed-mid-line'(agent) {
    agent.start();
    out('{"type":"text","timestamp":1,"part":{"type":"text","text":"I was just about');
    process.kill(process.pid, 'SIGKILL');
    await forever();
  },
  async 'wait-for-retry'(_agent, status) {
    err(`${RETRY_LINE(status)}\n`);
    await forever();
  },
  async question(agent, argument) {
    agent.start();
    const denied = isDenied(agent.permission, 'question') && argument !== 'in spite of the rules';
    if (!denied) return forever();
    const state = { status: 'error', input: {}, error: 'The user has specified a rule which prevents this' };
    agent.event('tool_use', { part: { type: 'tool', tool: 'question', state } });
    agent.finish('tool-calls');
    agent.start();
    agent.reply('I go on without an answer.');
  },
  'unknown-event'(agent) {
    agent.start();
    agent.event('brand_new', { part: { type: 'brand-new', of: ['another', 'version'] } });
    agent.event('step_paused', {});
    agent.event('text', { part: { type: 'text', text: 'half an ans', more: { nested: true } } });
    agent.reply('A whole answer.');
  },
  /** Its own standard output and error stay open in a process that outlives it. */
  'hold-output'(agent) {
    agent.start();
    spawn('sleep', ['600'], { detached: true, stdio: 'inherit' }).unref();
    agent.reply('Something holds my output.');
  },
  'content-filter'(agent) {
    agent.start();
    agent.error({ message: 'The response was filtered by content_filter' }, 'ContentFilterError');
    process.exitCode = 1;
  },
  'bad-model'(agent) {
    err('ProviderModelNotFoundError: ProviderModelNotFoundError\n');
    agent.error({ message: 'Unexpected server error. Check server logs for details.' }, 'UnknownError');
    process.exitCode = 1;
  },
  usage: () => fail(USAGE),
  /** Fails while the file does not exist, and makes it; then replies. */
  'locked-once'(agent, file) {
    if (!existsSync(file)) {
      writeFileSync(file, '');
      fail('Error: database is locked');
    }
    agent.start();
    agent.reply('It was free this time.');
  },
  /** Fills the disk that its directory is on, and ends for it; or goes on until not a word more can be written. */
  'fill-disk'(agent, argument) {
    agent.start();
    const file = openSync('full', 'w');
    for (const block of [1024 * 1024, 4096, 1]) fill(file, Buffer.alloc(block));
    if (argument !== 'and go on') fail('Error: ENOSPC: no space left on device, write');
    try {
      for (let number = 0; ; number += 1) agent.text(`The disk is full, and I go on talking: ${number}`);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
  },
};

const RETRY_LINE = (status) =>
  `timestamp=2026-01-01T00:00:00.000Z level=ERROR run=faf3dda5 message="stream error" providerID=scripted modelID=scripted small=false agent=build mode=primary error.error="AI_APICallError: scripted ${status}"`;

function fill(file, block) {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  }
}
