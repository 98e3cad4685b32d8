import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
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
    text: async (style) => (await import('../views/env.ts')).renderEnvFiles(files, style),
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
    text: async (style) => (await import('../views/env.ts')).renderVariables(value, style),
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
