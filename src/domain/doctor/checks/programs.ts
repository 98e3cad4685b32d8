import { gitVersion } from '../../../adapters/git/git-command.ts';
import { EXPERIMENTAL } from '../../../adapters/opencode/opencode-version.ts';
import { realPath } from '../../../adapters/store/paths.ts';
import { AppError, messageOf, wordsOf } from '../../../util/errors.ts';
import { DEFAULT_AGENT, RUN_AGENTS, type RunAgent } from '../../agent-env/agents.ts';
import { readEnvFile } from '../../agent-env/env-file.ts';
import { IDENTITY_COMMAND, type Surroundings, surroundingsOf } from '../../runs/agent-surroundings.ts';
import { type Check, type CheckContext, type Finding, fine, wrong } from '../check.ts';
import { databaseOf } from '../../sessions/same-opencode.ts';
import { soundSessions } from '../survey.ts';

/** Agents find the programs that they call in the environment that they get. */
export const agentProgramsCheck: Check = {
  name: 'agent-programs',
  needsHome: true,
  async run(context) {
    const findings: Finding[] = [];
    for (const agent of RUN_AGENTS) {
      // The state-files check reports a file that cannot be read.
      const around = await lookAround(context, agent, context.home.root);
      if (around === undefined || around.lacking.length === 0) continue;
      const names = around.lacking.join(' and ');
      const message = `${agent} does not find ${names}: its PATH is ${around.path}`;
      findings.push(wrong('error', 'agent-programs', message, await pathCommand(context, agent)));
    }
    return findings.length > 0 ? findings : [fine('agent-programs', 'agents find git, kugetsu and opencode')];
  },
};

/** git has a name and an address for what agents commit. */
export const gitIdentityCheck: Check = {
  name: 'git-identity',
  needsHome: true,
  async run(context) {
    // A configuration may be for the repositories of kugetsu only (git-config(1), includeIf).
    const worktrees = soundSessions(context.survey, context.home).flatMap(({ worktree_path: path }) => path ?? []);
    for (const directory of [context.home.root, ...worktrees.slice(0, 1)]) {
      const around = await lookAround(context, 'dev-agent', directory);
      if (around === undefined || around.identity.state === 'no_git') return [];
      if (around.identity.state === 'known') return [fine('git-identity', `agents commit as ${around.identity.who}`)];
    }
    const message = 'git has no identity, so agents cannot commit';
    return [wrong('warning', 'git-identity', message, IDENTITY_COMMAND)];
  },
};

async function lookAround(
  context: CheckContext,
  agent: RunAgent,
  directory: string,
): Promise<Surroundings | undefined> {
  const place = await realPath(directory).catch(() => undefined);
  return place === undefined ? undefined : surroundingsOf(context, agent, place).catch(() => undefined);
}

async function pathCommand(context: CheckContext, agent: RunAgent): Promise<string> {
  for (const file of [agent, DEFAULT_AGENT]) {
    const variables = await readEnvFile(context, file).catch((error: unknown) => messageOf(error));
    if (typeof variables === 'object' && variables.has('PATH')) return `kugetsu env rm PATH ${file}`;
  }
  return 'install them, or run kugetsu where they are on PATH';
}

/** opencode is there, new enough and able. */
export const opencodeCheck: Check = {
  name: 'opencode',
  needsHome: false,
  run: async ({ opencode, env }) =>
    found('opencode', async () => {
      const { version, path, major } = await opencode.probe();
      const name = `opencode ${version} (${path})`;
      if (major === 1) return name;
      return `${name}, which has passed its trial; ${EXPERIMENTAL}; its sessions are in ${databaseOf(env)}`;
    }),
};

/** git is there and new enough. */
export const gitCheck: Check = {
  name: 'git',
  needsHome: false,
  run: async ({ cwd, env }) => found('git', async () => `git ${await gitVersion(cwd, env)}`),
};

async function found(check: string, describe: () => Promise<string>): Promise<Finding[]> {
  try {
    return [fine(check, await describe())];
  } catch (error) {
    const hint = error instanceof AppError ? error.hint : undefined;
    return [wrong('error', check, wordsOf(error), hint ?? `install ${check}`)];
  }
}
