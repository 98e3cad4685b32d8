import { dirname, join } from 'node:path';
import { writeLauncher } from '../../adapters/process/launcher.ts';
import { readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import { readAgentVariables } from '../agent-env/agent-variables.ts';
import { AGENT_VARIABLE, type RunAgent } from '../agent-env/agents.ts';
import { isReservedVariable, NO_REDIRECTIONS } from '../agent-env/reserved-variables.ts';
import type { Context } from '../context.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import { offerCredentials } from '../servers/offer-credentials.ts';
import notes from './agent-notes.md' with { type: 'text' };

/** Names the variables that an agent has from its env files, with commas between. */
const AGENT_VARIABLES = 'KUGETSU_AGENT_VARIABLES';

/**
 * The environment of an agent, on top of what kugetsu itself was called with: the variables of its env files, this
 * kugetsu's home, this kugetsu itself in front on PATH, and where temporary files may go. A reserved variable of an env
 * file is left out. Its git finds the tokens among all these for their servers, and what `ref` needs, and asks nobody.
 *
 * @throws AppError `bad_env_file`, `corrupt_file`, `bad_clone_url`
 */
export async function agentEnvironment(
  context: Pick<Context, 'home' | 'env' | 'self' | 'tempDirectory'>,
  agent: RunAgent,
  ref?: IssueRef,
): Promise<Record<string, string | undefined>> {
  const { home, env, self } = context;
  const set = Object.entries(await readAgentVariables(context, agent)).filter(([key]) => !isReservedVariable(key));
  const variables: Record<string, string | undefined> = Object.fromEntries(set);
  const { credentials } = await offerCredentials(context, { agent, ref, inherited: { ...env, ...variables } });
  await writeLauncher(join(home.bin, 'kugetsu'), self);
  return {
    ...NO_REDIRECTIONS,
    GIT_TERMINAL_PROMPT: '0',
    ...variables,
    ...credentials,
    [AGENT_VARIABLE]: agent,
    [AGENT_VARIABLES]: Object.keys(variables).join(','),
    KUGETSU_DIR: home.root,
    KUGETSU_TEMP_DIR: await context.tempDirectory(),
    PATH: `${home.bin}:${variables['PATH'] ?? env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}`,
  };
}

/**
 * Where the git of an agent stops looking for a repository: one that is the user's home, or lies above kugetsu's, is never
 * taken for that of a worktree without its `.git`. git resolves links in these itself.
 */
export function ceilings({ home, env }: Pick<Context, 'home' | 'env'>): { readonly GIT_CEILING_DIRECTORIES: string } {
  const own = [home.worktrees, home.root, dirname(home.root), env['HOME'] ?? ''].filter((path) => path !== '');
  const users = (env['GIT_CEILING_DIRECTORIES'] ?? '').split(':').filter((path) => path !== '');
  return { GIT_CEILING_DIRECTORIES: [...new Set([...own, ...users])].join(':') };
}

/**
 * An environment without what an agent has from its env files: a run or a daemon that it starts gets that from the files
 * of its own agent, and what is the PM agent's alone is not handed on. PATH stays, as programs are found by it.
 */
export function withoutAgentVariables(env: Context['env']): Context['env'] {
  const names = (env[AGENT_VARIABLES] ?? '').split(',').filter((name) => name !== '' && name !== 'PATH');
  return { ...env, ...Object.fromEntries([...names, AGENT_VARIABLES].map((name) => [name, undefined])) };
}

/** What every development agent is told of the worktree that it is in, as a file for opencode. @returns its path */
export async function writeAgentNotes({ home }: Pick<Context, 'home'>): Promise<string> {
  if ((await readTextIfExists(home.agentNotes)) !== notes) await replaceFile(home.agentNotes, notes);
  return home.agentNotes;
}
