import type { Context } from '../context.ts';
import { DEFAULT_AGENT } from './agents.ts';
import { readEnvFile } from './env-file.ts';

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
