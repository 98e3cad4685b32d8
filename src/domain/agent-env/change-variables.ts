import { withAssignment, withoutAssignment } from '../../util/edit-assignments.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { nearest } from '../../util/text.ts';
import { quoted, words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { DEFAULT_AGENT } from './agents.ts';
import { changeEnvFile, envFilePath, readEnvFile } from './env-file.ts';
import { isReservedVariable } from './reserved-variables.ts';
import { changeTextFile } from '../../adapters/store/text-file.ts';

type Needs = Pick<Context, 'home' | 'env'>;

interface Variable {
  readonly key: string;
  /** The name of the file: `default`, or an agent's. */
  readonly agent: string;
}

// A program cannot be started with more than this in one variable, its name included (Linux, MAX_ARG_STRLEN).
const MOST_BYTES = 128 * 1024 - 2;

/**
 * Sets a variable in the env file of an agent; comments and order of the file stay.
 *
 * @throws AppError usage (exit code 2) for a name or a value that no agent can get, `bad_env_file`
 */
export async function setVariable(context: Needs, { key, agent }: Variable, value: string): Promise<void> {
  requireKey(key);
  if (isReservedVariable(key)) {
    throw usageError(`${key} is set by kugetsu itself for each run`, 'an env file cannot change it');
  }
  if (value.includes('\0'))
    throw usageError('a variable cannot contain a NUL byte', 'encode the value, for example as base64');
  if (new TextEncoder().encode(`${key}${value}`).length > MOST_BYTES) {
    throw usageError(
      `the value of ${key} is larger than the system allows (128 KiB)`,
      'put it into a file and set the path of the file',
    );
  }
  await changeEnvFile(context, agent, (text) => withAssignment(text, { key, value }, ''));
}

/**
 * The value of a variable in the env file of an agent.
 *
 * @throws AppError usage (exit code 2) for a bad name, `no_variable`, `bad_env_file`
 */
export async function getVariable(context: Needs, { key, agent }: Variable): Promise<string> {
  requireKey(key);
  const value = (await readEnvFile(context, agent))?.get(key);
  if (value === undefined) throw await noVariable(context, { key, agent });
  return value;
}

/**
 * Takes a variable out of the env file of an agent; the rest of the file stays.
 *
 * @throws AppError usage (exit code 2) for a bad name, `no_variable`, `bad_env_file`
 */
export async function removeVariable(context: Needs, { key, agent }: Variable): Promise<void> {
  requireKey(key);
  const changed = await changeEnvFile(context, agent, (text) => withoutAssignment(text, key, ''));
  if (!changed) throw await noVariable(context, { key, agent });
}

function requireKey(key: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return;
  throw usageError(words`not a variable name: ${quoted(key)}`, 'use letters, digits and _; the first is not a digit');
}

async function noVariable(context: Needs, { key, agent }: Variable): Promise<AppError> {
  const keys = [...((await readEnvFile(context, agent))?.keys() ?? [])];
  const inDefault = agent !== DEFAULT_AGENT && (await readEnvFile(context, DEFAULT_AGENT))?.has(key) === true;
  const near = nearest(key, keys);
  const hint = near === undefined ? `run: kugetsu env show ${agent}` : `did you mean ${near}?`;
  return new AppError('no_variable', `there is no ${key} in ${envFilePath(context, agent)}`, {
    hint: inDefault ? `it is in ${envFilePath(context, DEFAULT_AGENT)}, which every agent gets` : hint,
  });
}

const SYNTAX = [
  '# KEY=VALUE in shell syntax, parsed and never executed. kugetsu env set KEY - < FILE sets a secret without leaving it in',
  "# the shell's history; kugetsu env show masks secrets.",
];

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  [DEFAULT_AGENT]: [
    "# Environment variables of every agent. pm-agent.env and dev-agent.env beside this file are one agent's own, and win.",
    ...SYNTAX,
    '#',
    '# NODE_ENV=test',
  ],
  'pm-agent': [
    '# Environment variables of the PM agent, over those of default.env. Development agents do not get them.',
    ...SYNTAX,
    '#',
    '# GITEA_TOKEN=',
  ],
};

/** Makes the env files that explain themselves, where they are missing. */
export async function makeEnvFiles(context: Pick<Context, 'home'>): Promise<void> {
  for (const [agent, lines] of Object.entries(TEXTS)) {
    const text = `${lines.join('\n')}\n`;
    await changeTextFile(envFilePath(context, agent), (existing) => (existing === undefined ? text : undefined));
  }
}
