import { join } from 'node:path';
import { changeTextFile, readTextFile } from '../../adapters/store/text-file.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { AssignmentSyntaxError, parseAssignments } from '../../util/shell-assignments.ts';
import { quoted, words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { DEFAULT_AGENT, isAgentName } from './agents.ts';

type Needs = Pick<Context, 'home' | 'env'>;

/**
 * The file with the variables of an agent.
 *
 * @throws AppError usage (exit code 2) for a name that could be a path
 */
export function envFilePath({ home }: Pick<Context, 'home'>, agent: string): string {
  if (!isAgentName(agent)) {
    throw usageError(
      words`not an agent name: ${quoted(agent)}`,
      'use letters, digits, - and _: default, pm-agent, dev-agent',
    );
  }
  return join(home.agentEnv, `${agent}.env`);
}

/**
 * The variables of an agent's own file in its order, undefined when there is none. It is parsed and never executed.
 *
 * @throws AppError `bad_env_file` or `not_text`, which name the file and the line
 */
export async function readEnvFile(context: Needs, agent: string): Promise<ReadonlyMap<string, string> | undefined> {
  const path = envFilePath(context, agent);
  const text = await readTextFile(path);
  return text === undefined ? undefined : variablesOf(context, path, text);
}

/**
 * Changes the text of an agent's file under the file's lock; it is made when it is missing, and replaced whole. Nothing
 * is written when `change` gives undefined, or when the file does not parse.
 *
 * @returns whether there was something to change
 * @throws AppError `bad_env_file` or `not_text`
 */
export async function changeEnvFile(
  context: Needs,
  agent: string,
  change: (text: string) => string | undefined,
): Promise<boolean> {
  const path = envFilePath(context, agent);
  let changed: string | undefined;
  await changeTextFile(path, (before = '') => {
    variablesOf(context, path, before);
    changed = change(before);
    if (changed !== undefined) variablesOf(context, path, changed);
    return changed;
  });
  return changed !== undefined;
}

function variablesOf({ env }: Needs, path: string, text: string): ReadonlyMap<string, string> {
  const nul = text.indexOf('\0');
  if (nul !== -1) throw badFile(path, text.slice(0, nul).split('\n').length, 'a NUL byte');
  try {
    return new Map(parseAssignments(text, env['HOME'] ?? '').map(({ key, value }) => [key, value]));
  } catch (error) {
    if (!(error instanceof AssignmentSyntaxError)) throw error;
    throw badFile(path, error.line, error.message, error);
  }
}

function badFile(path: string, line: number, message: string, cause?: unknown): AppError {
  return new AppError('bad_env_file', `${path}:${line}: ${message}`, {
    hint: 'kugetsu reads the file but does not execute it: KEY=VALUE lines and comments; correct that line in an editor',
    cause,
  });
}

/**
 * The variables that the user has set for an agent (`pm-agent`, `dev-agent`): those of `default.env`, and over them those
 * of the agent's own file. A missing file has none.
 *
 * @throws AppError `bad_env_file` that names the file and the line
 */
export async function readAgentVariables(
  context: Pick<Context, 'home' | 'env'>,
  agent: string,
): Promise<Readonly<Record<string, string>>> {
  const files = [await readEnvFile(context, DEFAULT_AGENT), await readEnvFile(context, agent)];
  return Object.fromEntries(files.flatMap((file) => [...(file ?? [])]));
}
