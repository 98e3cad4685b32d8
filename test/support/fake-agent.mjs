// What the agent of the stand-in for opencode can play: events on standard output, and processes.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Writes all of it before it returns, whatever standard output is. The streams of `process` take as long to load as the rest. */
export function out(text, descriptor = 1) {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

/** The same on standard error. */
export function err(text) {
  out(text, 2);
}

/** So many random bytes. */
export function randomBytes(count) {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(count)));
}

/** Ends the process with a line on standard error. */
export function fail(message, code = 1) {
  err(`${message}\n`);
  process.exit(code);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Never resolves, and keeps the process alive. */
export const forever = () => new Promise(() => setInterval(() => undefined, 60_000));

/** What the agent of one run says and does. */
export class Agent {
  constructor(sessionId, remember) {
    this.sessionId = sessionId;
    this.remember = remember;
  }

  event(type, content) {
    out(`${JSON.stringify({ type, timestamp: Date.now(), sessionID: this.sessionId, ...content })}\n`);
  }

  start() {
    this.event('step_start', { part: { type: 'step-start' } });
  }

  text(text) {
    this.remember(text);
    this.event('text', { part: { type: 'text', text } });
  }

  error(data, name = 'APIError') {
    this.event('error', { error: { name, data } });
  }

  finish(reason) {
    const tokens = { input: 10, output: 5, reasoning: 0, cache: { read: 0, write: 0 } };
    this.event('step_finish', { part: { type: 'step-finish', reason, tokens, cost: 0.001 } });
  }

  reply(text) {
    this.text(text);
    this.finish('stop');
  }

  /** As a bash tool: the command has a session of its own. */
  async sh(command) {
    // Two commits of the same words in one second would be one commit.
    const seconds = Math.floor(Date.now() / 1000) - Math.floor(Math.random() * 1_000_000);
    const env = { ...process.env, GIT_AUTHOR_DATE: `@${seconds} +0000` };
    const child = spawn('sh', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const code = await new Promise((resolve) => child.once('close', resolve));
    const state = { status: code === 0 ? 'completed' : 'error', input: { command }, output, metadata: { exit: code } };
    this.event('tool_use', { part: { type: 'tool', tool: 'bash', state } });
    this.finish('tool-calls');
    return output;
  }
}

/** What a run can play, by name. */
export const BEHAVIOURS = {
  reply(agent, argument, message) {
    agent.start();
    agent.reply(argument || `You said: ${message.slice(0, 200)}`);
  },
  async sh(agent, command) {
    agent.start();
    const output = await agent.sh(command);
    agent.start();
    agent.reply(`It printed: ${output.trim()}`);
  },
  hang: forever,
  async stall(agent) {
    agent.start();
    await forever();
  },
  busy(agent, seconds) {
    agent.start();
    for (const end = Date.now() + Number(seconds) * 1000; Date.now() < end;);
    agent.reply('That was work.');
  },
  'exit-0-after-error'(agent) {
    agent.start();
    agent.error({ message: 'the model could not be reached' }, 'UnknownError');
  },
  'error-status'(agent, status) {
    const statusCode = Number(status);
    agent.error({ message: `status ${status}`, statusCode, isRetryable: statusCode === 429 || statusCode >= 500 });
    process.exitCode = 1;
  },
  /** As `error-status`, as long as the file does not exist: `needs-file STATUS FILE`. */
  'needs-file'(agent, argument) {
    const [status, file] = argument.split(' ');
    if (existsSync(file)) return this.reply(agent, 'It is well now.', '');
    this['error-status'](agent, status);
  },
  async 'unknown-finish'(agent) {
    for (;;) {
      agent.start();
      agent.finish('unknown');
      await sleep(50);
    }
  },
  'auto-reject'(agent) {
    agent.start();
    err('permission requested: external_directory (/etc/*); auto-rejecting\n');
    agent.finish('tool-calls');
  },
  garbage(agent) {
    agent.start();
    out(Buffer.from([0, 1, 2, 0xff, 0xfe, 0xc3, 0x28, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 10]));
    out('a line of plain text\n{"type": "text", "part"\n{"type": 42}\n[]\nnull\n\n{"type":"text","part":7}\n');
    out(randomBytes(4096));
    out('\n');
    agent.reply('I am still here.');
  },
  'huge-line'(agent) {
    agent.start();
    agent.text(`begin ${'x'.repeat(10 * 1024 * 1024)} end`);
    agent.finish('stop');
  },
  async 'ignore-term'(agent) {
    agent.start();
    await agent.sh("trap '' TERM INT HUP QUIT; echo $$ > ignoring; for i in $(seq 600); do sleep 1; done");
    agent.reply('Nobody stopped me.');
  },
  background(agent) {
    agent.start();
    spawn('sh', ['-c', 'exec sleep 600'], { detached: true, stdio: 'ignore' }).unref();
    agent.reply('Something goes on in the background.');
  },
  length(agent) {
    agent.start();
    agent.text('This answer is cut o');
    agent.finish('length');
  },
  finish(agent, reason) {
    agent.start();
    agent.finish(reason);
  },
  /** Ends with this exit code, and the rest as a line on standard error. */
  exit(_agent, argument) {
    const [code, ...words] = argument.split(' ');
    fail(words.join(' '), Number(code));
  },
  /** Says what the variable of this name holds in every way there is, waits for the file if one is named, and replies. */
  async leak(agent, argument) {
    const [name, file] = argument.split(' ');
    const value = process.env[name];
    agent.start();
    await agent.sh(
      `printf '%s\\n' "$${name}"; printf %s "user:$${name}" | base64; kugetsu notify send "it is $${name}"`,
    );
    const line = JSON.stringify({ type: 'text', timestamp: 1, part: { type: 'text', text: `in pieces: ${value}` } });
    const middle = line.indexOf(JSON.stringify(value).slice(1, -1)) + 3;
    out(line.slice(0, middle));
    await sleep(150);
    out(`${line.slice(middle)}\n`);
    err(`warning: ${value} is no good\n`);
    out(`plain: ${value}\n{"type":"text", broken ${value}\n`);
    agent.event('brand_new', { [value]: { nested: JSON.stringify({ quoted: `a\n${value}` }) } });
    agent.text(`${'x'.repeat(3990)}${value}`);
    if (file !== undefined) await agent.sh(`until [ -e '${file}' ]; do sleep 0.05; done`);
    agent.reply(`It is ${value}, url https://me:${encodeURIComponent(value)}@host/`);
  },
  /** Fails with the variable in the message: on standard error, or with a status in an event. */
  'leak-failure'(agent, argument) {
    const [name, status] = argument.split(' ');
    if (status === undefined) fail(`Error: ${'x'.repeat(280)} ${process.env[name]} is refused`, 7);
    agent.error({ message: `${'x'.repeat(285)} ${process.env[name]} is refused`, statusCode: Number(status) });
    process.exitCode = 1;
  },
  /** Waits until the file exists, then replies. */
  async 'wait-for'(agent, file) {
    agent.start();
    await agent.sh(`until [ -e '${file}' ]; do sleep 0.05; done`);
    agent.reply('It is there.');
  },
  /** Takes memory until it is ended, or has 2 GB. */
  async hog(agent) {
    agent.start();
    const taken = [];
    for (let count = 0; count < 200; count += 1) {
      taken.push(Buffer.alloc(10 * 1024 * 1024, count + 1));
      await sleep(5);
    }
    agent.reply(`I have ${taken.length} pieces.`);
  },
  /** One step that is done, and one that waits until the file exists. */
  async 'step-then-wait'(agent, file) {
    agent.start();
    await agent.sh('touch begun');
    await this['wait-for'](agent, file);
  },
  /** Crashes unless the file exists, and makes it; then replies. */
  async 'crash-once'(agent, file) {
    if (existsSync(file)) return this.reply(agent, 'It went well this time.', '');
    writeFileSync(file, '');
    await this.crash(agent);
  },
  /** Notes that it has begun outside the worktree, and plays one of {@link SOAK_PLANS}: `soak NUMBER PLAN ARGUMENT`. */
  async soak(agent, argument) {
    const [number, plan, rest] = argument.split(' ');
    const notes = join(process.env.KUGETSU_WORLD, 'soak');
    const path = join(notes, number);
    mkdirSync(notes, { recursive: true });
    appendFileSync(path, `${process.env.KUGETSU_RUN_ID}\n`);
    const attempt = readFileSync(path, 'utf8').split('\n').length - 1;
    await SOAK_PLANS[plan](agent, { attempt, ref: rest });
  },
  async crash(agent) {
    agent.start();
    process.kill(process.pid, 'SIGKILL');
    await forever();
  },
};

/** Hands a task to another agent as the PM agent does, under a name that is the run's own. */
const handOver = async (agent, { ref, how, plan }) => {
  const { KUGETSU_RUN_ID: run } = process.env;
  const enqueue = `kugetsu queue enqueue '${ref}' 'fake: soak queued-${run} ${plan}'`;
  const command =
    how === 'start' ? `kugetsu start '${ref}' 'fake: soak started-${run} ${plan}' || ${enqueue}` : enqueue;
  agent.start();
  await agent.sh(command);
  agent.start();
  agent.reply('It is handed over.');
};

export const SOAK_PLANS = {
  succeed: (agent) => BEHAVIOURS.reply(agent, 'Done.', ''),
  work: (agent) => BEHAVIOURS.sh(agent, 'date >> work.txt; git add . && git commit --quiet -m Work'),
  flaky: (agent, { attempt }) =>
    attempt === 1 ? BEHAVIOURS['error-status'](agent, '500') : BEHAVIOURS.reply(agent, 'Done.', ''),
  crash: (agent, { attempt }) => (attempt === 1 ? BEHAVIOURS.crash(agent) : BEHAVIOURS.reply(agent, 'Done.', '')),
  down: (agent) => BEHAVIOURS['error-status'](agent, '500'),
  refused: (agent) => BEHAVIOURS['error-status'](agent, '401'),
  hang: forever,
  stall: (agent) => BEHAVIOURS.stall(agent),
  'pm-start': async (agent, { ref }) => handOver(agent, { ref, how: 'start', plan: 'succeed' }),
  'pm-enqueue': async (agent, { ref }) => handOver(agent, { ref, how: 'enqueue', plan: 'succeed' }),
  'pm-refused': async (agent, { ref }) => handOver(agent, { ref, how: 'enqueue', plan: 'refused' }),
};
