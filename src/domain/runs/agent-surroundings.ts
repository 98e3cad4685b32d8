import { gitIdentity, type Identity } from '../../adapters/git/identity.ts';
import { findProgram } from '../../adapters/process/user.ts';
import type { RunAgent } from '../agent-env/agents.ts';
import type { Context } from '../context.ts';
import { agentEnvironment } from './agent-environment.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The command that gives git somebody to name. */
export const IDENTITY_COMMAND = 'git config --global user.name NAME && git config --global user.email EMAIL';

/** What an agent finds where it works. */
export interface Surroundings {
  /** The programs that it needs and does not find on its PATH. */
  readonly lacking: readonly string[];
  readonly path: string;
  readonly identity: Identity;
}

/** What an agent would find in `directory` now, with the variables that the user has set for it. */
export async function surroundingsOf(context: Context, agent: RunAgent, directory: string): Promise<Surroundings> {
  const env = await agentEnvironment(context, { agent });
  const path = env['PATH'] ?? '';
  return { lacking: await lackingOn(path, env), path, identity: await gitIdentity(directory, env) };
}

/** What is to be said about an agent that is to commit with this environment in `directory`; undefined when all is well. */
export async function identityProblem(directory: string, env: Environment): Promise<string | undefined> {
  const { state } = await gitIdentity(directory, env);
  switch (state) {
    case 'known':
      return undefined;
    case 'no_git':
      return `agents do not find git: PATH is ${env['PATH'] ?? 'not set'}; run: kugetsu doctor`;
    case 'missing':
      return `git has no identity, so agents cannot commit; run: ${IDENTITY_COMMAND}`;
  }
}

/** The programs that agents would not find with this PATH of an env file; kugetsu itself is always put in front of it. */
export async function hiddenBy(path: string, env: Environment): Promise<string[]> {
  return (await lackingOn(path, env)).filter((name) => name !== 'kugetsu');
}

/** Which of the programs that agents call are not on a PATH. opencode may be named by a variable instead. */
async function lackingOn(path: string, env: Environment): Promise<string[]> {
  const named = (env['KUGETSU_OPENCODE'] ?? '') !== '';
  const needed = ['git', 'kugetsu', ...(named ? [] : ['opencode'])];
  const found = await Promise.all(needed.map(async (name) => findProgram(name, path)));
  return needed.filter((_name, index) => found[index] === undefined);
}
