import { isLooseObject, parseJson, type LooseObject } from '../../../util/loose-object.ts';
import { layered, type Layer, type Variables } from '../../../util/layers.ts';
import type { AgentRequest } from '../../engine/agent-engine.ts';
import { BARE_AGENT, bareAgentEnvironment, withoutProjectConfig } from '../../opencode/environment-config.ts';
import { driverEnvironment } from '../../opencode/opencode-cli.ts';

const CONFIG_VARIABLE = 'OPENCODE_CONFIG_CONTENT';

/** What opencode 2 needs on top of an agent's environment, in order of precedence: the last wins. */
const LAYERS: readonly Layer<AgentRequest>[] = [
  { name: 'agent', variables: ({ env }) => env },
  { name: 'rules', variables: ({ hiddenSkills = [] }, under) => withRules(under, hiddenSkills) },
  {
    name: 'project configuration',
    variables: async ({ projectConfig = false, directory }, under) =>
      projectConfig ? {} : withoutProject(under, directory),
  },
  { name: 'program', variables: ({ directory }, under) => driverEnvironment(under, directory) },
  { name: 'bare agent', variables: ({ bare = false }, under) => (bare ? bareAgentEnvironment(under) : {}) },
];

/**
 * The environment of the server that an agent works in.
 *
 * @throws AppError `project_plugins` when the directory has plugins: that no version runs them is not known
 */
export async function runEnvironment(request: AgentRequest): Promise<Variables> {
  return layered(LAYERS, request);
}

/** The agent that a request names; the engine's own choice without. */
export function agentOf({ agent, bare = false }: AgentRequest): string | undefined {
  return bare ? BARE_AGENT : agent;
}

// The words of the project are given to the session itself.
async function withoutProject(under: Variables, directory: string): Promise<Variables> {
  const { OPENCODE_DISABLE_PROJECT_CONFIG: off } = await withoutProjectConfig(under, directory);
  return { OPENCODE_DISABLE_PROJECT_CONFIG: off };
}

// A question that is taken back ends the turn; one that is denied is an error that the model sees, and works around.
const NOT_ASKED = { question: 'deny', plan_enter: 'deny', plan_exit: 'deny' };

/** What agents may not, and skills that they are not offered, in the configuration: not every version has rules of sessions. */
function withRules(under: Variables, skills: readonly string[]): Variables {
  const content = under[CONFIG_VARIABLE] ?? '';
  const config = parseJson(content.trim() === '' ? '{}' : content);
  // One that opencode cannot read either is left for it to complain of.
  if (!isLooseObject(config)) return {};
  const given = objectOf(config['permission']);
  const hidden = { ...objectOf(given['skill']), ...Object.fromEntries(skills.map((name) => [name, 'deny'])) };
  const permission = { ...given, ...(skills.length === 0 ? {} : { skill: hidden }), ...NOT_ASKED };
  return { [CONFIG_VARIABLE]: JSON.stringify({ ...config, permission }) };
}

function objectOf(value: unknown): LooseObject {
  return isLooseObject(value) ? value : {};
}
