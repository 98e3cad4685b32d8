import { layered, type Layer, type Variables } from '../../../util/layers.ts';
import type { AgentRequest } from '../../engine/agent-engine.ts';
import { BARE_AGENT, bareAgentEnvironment } from '../bare-agent.ts';
import { withoutSkills } from '../hidden-skills.ts';
import { withCatalogue } from '../models/model-catalogue.ts';
import { driverEnvironment, type OpencodeCli } from '../opencode-cli.ts';
import { withNotes, withoutProjectConfig } from '../project-config.ts';

/** A program to start: `input` goes to its standard input. */
export interface AgentCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Variables;
  readonly input: string;
}

interface Asked extends AgentRequest {
  readonly cli: OpencodeCli;
}

/** What opencode itself needs on top of an agent's environment, in order of precedence: the last wins. */
const LAYERS: readonly Layer<Asked>[] = [
  { name: 'agent', variables: ({ env }) => env },
  { name: 'skills', variables: ({ hiddenSkills = [] }, under) => withoutSkills(under, hiddenSkills) },
  {
    name: 'project configuration',
    variables: async ({ projectConfig = false, directory }, under) =>
      projectConfig ? {} : withoutProjectConfig(under, directory),
  },
  { name: 'notes', variables: ({ notes }, under) => (notes === undefined ? {} : withNotes(under, notes)) },
  { name: 'program', variables: ({ directory }, under) => driverEnvironment(under, directory) },
  { name: 'bare agent', variables: ({ bare = false }, under) => (bare ? bareAgentEnvironment(under) : {}) },
  {
    name: 'catalogue of models',
    variables: async ({ cli, directory, model }, under) =>
      withCatalogue({ program: cli.path, env: under, directory, plugins: true, model }, cli.catalogue),
  },
];

/**
 * The `opencode run` that gives the agent of a session a message.
 *
 * @throws AppError `project_plugins` when the directory has plugins, which opencode cannot be kept from running
 */
export async function agentCommand(cli: OpencodeCli, request: AgentRequest): Promise<AgentCommand> {
  const { session, directory, message, model, agent, debug, bare = false } = request;
  const args = ['run', '--session', session, '--dir', directory, '--format', 'json', '--auto', '--print-logs'];
  args.push('--log-level', debug ? 'DEBUG' : 'WARN', ...(model === undefined ? [] : ['--model', model]));
  const named = bare ? BARE_AGENT : agent;
  if (named !== undefined) args.push('--agent', named);
  const env = await layered(LAYERS, { ...request, cli });
  return { command: cli.path, args, cwd: directory, env, input: message };
}
