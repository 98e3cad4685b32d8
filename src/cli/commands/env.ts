import { usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { utf8Text } from '../../util/text.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { reportBroken } from './kit.ts';

interface ForAgent {
  readonly agent: string;
}

interface Json {
  readonly json: boolean;
}

interface Variable extends ForAgent {
  readonly key: string;
}

/** Prints the env files. */
export async function list({ context, exitWith }: Call, { json }: Json): Promise<void> {
  const { listEnvFiles } = await import('../../domain/agent-env/list-env-files.ts');
  const { files, broken } = await listEnvFiles(context);
  await printResult(context, {
    json,
    value: files,
    text: async (style) => (await import('../views/settings.ts')).renderEnvFiles(files, style),
  });
  reportBroken(context, broken);
  if (broken.length > 0) exitWith(EXIT.failed);
}

/** Prints the variables of an env file, secrets masked. */
export async function show({ context }: Call, { agent, json }: ForAgent & Json): Promise<void> {
  const { showVariables } = await import('../../domain/agent-env/list-env-files.ts');
  const found = await showVariables(context, agent);
  const value = found ?? [];
  await printResult(context, {
    json,
    value,
    text: async (style) => (await import('../views/settings.ts')).renderVariables(value, style),
  });
  if (found === undefined) context.terminal.err(`there is no env file for ${agent}`);
}

/** Prints a value as it is. */
export async function get({ context }: Call, { key, agent, json }: Variable & Json): Promise<void> {
  const { getVariable } = await import('../../domain/agent-env/change-variables.ts');
  const value = await getVariable(context, { key, agent });
  await printResult(context, { json, value: { agent, key, value }, line: true, text: () => `${value}\n` });
}

/** Removes a variable. */
export async function rm({ context }: Call, { key, agent }: Variable): Promise<void> {
  const { removeVariable } = await import('../../domain/agent-env/change-variables.ts');
  await removeVariable(context, { key, agent });
}

interface SetOptions {
  readonly key: string;
  readonly value: string;
  readonly agent: string;
}

/** Sets a variable, and warns of what the caller may not have meant. */
export async function setEnv({ context }: Call, { key, value: argument, agent }: SetOptions): Promise<void> {
  const { setVariable } = await import('../../domain/agent-env/change-variables.ts');
  const { DEFAULT_AGENT, RUN_AGENTS } = await import('../../domain/agent-env/agents.ts');
  const { isSecret } = await import('../../domain/agent-env/list-env-files.ts');
  const { terminal } = context;
  const value = argument === '-' ? await valueFromInput(context) : valueFromArgument(argument);
  await setVariable(context, { key, agent }, value);
  if (argument !== '-' && isSecret(key, value)) {
    terminal.err(
      `note: ${key} looks like a secret, and is now in your shell's history; next time, give it on standard input`,
    );
    terminal.err(`  run: kugetsu env set ${key} - ${agent} < FILE`);
  }
  if (key === 'PATH') await warnOfPath(context, value);
  if (agent !== DEFAULT_AGENT && !RUN_AGENTS.some((known) => known === agent)) {
    terminal.err(`note: kugetsu has no agent called ${agent}; its agents are ${RUN_AGENTS.join(' and ')}`);
  }
}

async function warnOfPath({ env, terminal }: CliContext, path: string): Promise<void> {
  const { hiddenBy } = await import('../../domain/runs/agent-surroundings.ts');
  const hidden = await hiddenBy(path, env);
  if (hidden.length > 0) terminal.err(`note: with this PATH, agents do not find ${hidden.join(' and ')}`);
}

async function valueFromInput({ terminal }: CliContext): Promise<string> {
  const text = utf8Text(await terminal.readInputBytes());
  if (text !== undefined) return text.replace(/\n$/, '');
  throw usageError('the value on standard input is not UTF-8 text', 'encode it, for example as base64');
}

// What is no UTF-8 on a command line has become replacement characters by now.
function valueFromArgument(argument: string): string {
  if (!argument.includes('\uFFFD')) return argument;
  throw usageError(
    'the value is not UTF-8 text',
    'encode it, for example as base64, or give it on standard input with -',
  );
}
