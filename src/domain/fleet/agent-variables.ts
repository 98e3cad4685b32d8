import { said, words, type Words } from '../../util/words.ts';
import { DEFAULT_AGENT, RUN_AGENTS } from '../agent-env/agents.ts';
import { readEnvFile } from '../agent-env/env-file.ts';
import { isReservedVariable, WEBHOOK_SECRET } from '../agent-env/reserved-variables.ts';
import type { Context } from '../queue/context.ts';

/** The names of the variables that agents get from the env file of `default` and of each agent that kugetsu runs, sorted; of a missing file none. */
export type VariableNames = Readonly<Record<string, readonly string[]>>;

/** Whose files decide what the agents of kugetsu get. */
export const ENV_AGENTS = [DEFAULT_AGENT, ...RUN_AGENTS] as const;

/**
 * The names of this host, for the other hosts: an agent that finds its token on one of them must find one on all. Their values, and
 * anything that is made of these, stay here. Undefined when one of the files cannot be read, which doctor says.
 */
export async function variableNames(
  context: Pick<Context, 'home' | 'env'>,
): Promise<Record<string, string[]> | undefined> {
  try {
    const names: Record<string, string[]> = {};
    for (const agent of ENV_AGENTS) {
      const keys = [...((await readEnvFile(context, agent))?.keys() ?? [])];
      names[agent] = keys.filter((key) => !isReservedVariable(key) && key !== WEBHOOK_SECRET).toSorted();
    }
    return names;
  } catch {
    return undefined;
  }
}

/**
 * Which variables only one of two hosts has for an agent, file by file. Where a variable is does not matter as long as each agent that
 * has it on one host has it on the other.
 *
 * @param names what the hosts are called, that of `own` first
 */
export function lackingVariables(own: VariableNames, other: VariableNames, names: readonly [string, string]): Words[] {
  const [here, there] = names;
  return [...lacking(own, other, there), ...lacking(other, own, here)];
}

function lacking(having: VariableNames, host: VariableNames, name: string): Words[] {
  return ENV_AGENTS.flatMap((file) => {
    const agents = file === DEFAULT_AGENT ? RUN_AGENTS : [file];
    const keys = (having[file] ?? []).filter((key) => agents.some((agent) => !reaches(host, agent, key)));
    return keys.map((key) => words`host ${said(name)} lacks ${said(key)} in ${file}.env`);
  });
}

function reaches(names: VariableNames, agent: string, key: string): boolean {
  return [DEFAULT_AGENT, agent].some((file) => names[file]?.includes(key) === true);
}
