// What the stand-in for opencode knows by name. Anything else is a slip of the test, and no failure of opencode: it ends the test.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { BEHAVIOURS, fail, SOAK_PLANS } from './fake-agent.mjs';
import { MISBEHAVIOURS } from './fake-misbehaviour.mjs';

const { env } = process;

/** Where the world of the test looks: `checkFakeKnew` in world.ts. */
const NOTE = 'unknown-to-the-fake';

/** Ends this process, and leaves a note with which the world fails the test, whatever kugetsu makes of the exit code. */
export function unknown(what) {
  appendFileSync(join(env.KUGETSU_WORLD ?? join(env.HOME, '..'), NOTE), `${what}\n`);
  fail(`the fake opencode does not know ${what}`, 70);
}

const PLAYED = { ...BEHAVIOURS, ...MISBEHAVIOURS };
const known = (names, name) => Object.hasOwn(names, name);

/** What follows the name of a behaviour that plays something else with each of these words, and nothing without them. */
const ARGUMENTS = {
  busy: /^[\d.]+$/,
  'error-status': /^\d{3}$/,
  'needs-file': /^\d{3} \/.+$/,
  'wait-for-retry': /^\d{3}$/,
  exit: /^\d+(?: |$)/,
  finish: /^(?:stop|tool-calls|length|content-filter|error|other|unknown)$/,
  question: /^(?:in spite of the rules)?$/,
  'fill-disk': /^(?:and go on)?$/,
  'leak-failure': /^\w+(?: \d{3})?$/,
  leak: /^\w+(?: \/.*)?$/,
  'wait-for': /./,
  'step-then-wait': /./,
  'crash-once': /./,
  'locked-once': /./,
};

/** What the first line that begins with `fake:` asks for, to be played by an agent that got this message. */
export function behaviourOf(text, message = text) {
  const [line, name = 'reply', argument = ''] = /^fake: *(\S*) *([^\n]*)/m.exec(text) ?? [];
  if (!known(PLAYED, name)) unknown(`the behaviour '${name}' of '${line}'`);
  const plan = argument.split(' ')[1] ?? '';
  const fits = name === 'soak' ? known(SOAK_PLANS, plan) : (ARGUMENTS[name] ?? /^/).test(argument);
  if (!fits) unknown(`the argument '${argument}' of the behaviour '${name}'`);
  return (agent) => PLAYED[name](agent, argument, message);
}

const isSwitch = (value) => value === '1';
const MODES = new Set(['primary', 'subagent', 'all']);

/** The object that a variable holds, or undefined. */
function objectIn(value) {
  try {
    const object = JSON.parse(value);
    return typeof object === 'object' && object !== null && !Array.isArray(object) ? object : undefined;
  } catch {
    return undefined;
  }
}

/** The variables that change what it does, and what each may hold. */
const SETTINGS = {
  FAKE_OPENCODE_AGENTS: (value) => Object.values(objectIn(value) ?? { no: 'object' }).every((mode) => MODES.has(mode)),
  FAKE_OPENCODE_ALWAYS: (value) => behaviourOf(`fake: ${value}`) !== undefined,
  FAKE_OPENCODE_GARBAGE: isSwitch,
  FAKE_OPENCODE_HANGING_PLUGIN: (value) => value.startsWith('/'),
  FAKE_OPENCODE_LOCKED: isSwitch,
  FAKE_OPENCODE_LOSE_PARTS: isSwitch,
  FAKE_OPENCODE_MCP: (value) => objectIn(value) !== undefined,
  FAKE_OPENCODE_OTHER_ID: isSwitch,
  FAKE_OPENCODE_REPLAY: (value) => ['refused', 'hangs', 'dies'].includes(value),
  FAKE_OPENCODE_REGISTRY: (value) => value === 'refuses',
  FAKE_OPENCODE_SERVE: (value) => value === 'hangs',
  FAKE_OPENCODE_TERMINAL: (value) =>
    ['talks', 'new', 'leaves', 'aborts', 'deletes', 'fails'].includes(value) || value.startsWith('stays /'),
  FAKE_OPENCODE_VERSION: (value) => value !== '',
  FAKE_OPENCODE_WITHOUT_FLAG: (value) => ['auto', 'agent', 'dir', 'format', 'log-level', 'print-logs'].includes(value),
  FAKE_OPENCODE_WRONG_DIRECTORY: isSwitch,
};

/** Looks at every variable that is meant for the fake: one that it would not heed is a slip, too. */
export function checkSettings() {
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('FAKE_OPENCODE')) continue;
    if (!known(SETTINGS, name)) unknown(`the variable ${name}`);
    if (!SETTINGS[name](value)) unknown(`'${value}' in the variable ${name}`);
  }
}
