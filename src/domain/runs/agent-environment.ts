import { dirname, join } from 'node:path';
import { pushGuard } from '../../adapters/git/push-guard.ts';
import { writeLauncher } from '../../adapters/process/launcher.ts';
import { readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import { layered, type Variables } from '../../util/layers.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import type { RunAgent } from '../agent-env/agents.ts';
import type { Context } from '../context.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import { branchPrefixes } from '../servers/repository-settings.ts';
import { offerCredentials } from '../servers/credentials.ts';
import { AGENT_LAYERS, AGENT_VARIABLES, type LayerFacts } from './agent-layers.ts';

import notes from './agent-notes.md' with { type: 'text' };

const NO_AUTHOR = { AGENT_GIT_NAME: undefined, AGENT_GIT_EMAIL: undefined };

/** Who an agent is, and where it works, as far as its environment depends on it. */
interface Seat {
  readonly agent: RunAgent;
  /** The issue whose repository its git may reach. */
  readonly issue?: IssueRef | undefined;
  /** The branch of the issue: the agent's git pushes no other. */
  readonly branch?: string | undefined;
  readonly task?: Variables;
  /** Whether it works in a directory of kugetsu's, and not in a checkout of the user's. */
  readonly inHome?: boolean;
  readonly run?: { readonly id: string; readonly temporary: string };
}

/**
 * The environment of an agent, all of it but what its engine adds: see {@link AGENT_LAYERS}. Its git finds the tokens among
 * the variables of its env files for their servers, and what the issue needs, and asks nobody.
 *
 * @throws AppError `bad_env_file`, `corrupt_file`, `bad_clone_url`
 */
export async function agentEnvironment(
  context: Pick<Context, 'home' | 'env' | 'self' | 'settings' | 'tempDirectory'>,
  { agent, issue: ref, branch, task = {}, inHome = false, run }: Seat,
): Promise<Variables> {
  const { home, env: caller, self } = context;
  const files = await readAgentVariables(context, agent);
  // Doctor looks around with a config that has a mistake, too.
  const { AGENT_GIT_NAME: name, AGENT_GIT_EMAIL: email } = await context.settings().catch(() => NO_AUTHOR);
  await writeLauncher(join(home.bin, 'kugetsu'), self);
  const guarded = { directory: join(home.bin, 'git'), repositories: home.repos };
  const facts: LayerFacts = {
    caller,
    agent,
    files,
    author: { name, email },
    credentials: async (inherited) => (await offerCredentials(context, { agent, ref, inherited })).credentials,
    home: home.root,
    programs: home.bin,
    temporary: await context.tempDirectory(),
    ceilings: inHome ? ceilings(context) : [],
    task,
    guard:
      branch === undefined
        ? undefined
        : async (inherited) => pushGuard({ ...guarded, branch, prefixes: await branchPrefixes(context), inherited }),
    run,
  };
  return layered(AGENT_LAYERS, facts);
}

/**
 * Where the git of an agent stops looking for a repository: one that is the user's home, or lies above kugetsu's, is never
 * taken for that of a worktree without its `.git`. git resolves links in these itself.
 */
function ceilings({ home, env }: Pick<Context, 'home' | 'env'>): string[] {
  return [home.worktrees, home.root, dirname(home.root), env['HOME'] ?? ''].filter((path) => path !== '');
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
