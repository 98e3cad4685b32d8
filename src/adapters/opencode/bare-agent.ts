/** The name of an agent that exists only in the environment of one call. */
export const BARE_AGENT = 'kugetsu-bare';

const CONFIG_VARIABLE = 'OPENCODE_CONFIG_CONTENT';

const AGENT = {
  mode: 'primary',
  prompt: 'Answer in one word.',
  steps: 1,
  tools: { '*': false },
  permission: { '*': 'deny' },
};

/**
 * The variable that brings {@link BARE_AGENT} into being: its request to the model has 1.3 KB, where that of
 * opencode's own agents has some ten thousand tokens. What the user has in that variable stays.
 */
export function bareAgentEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const config = parseObject(env[CONFIG_VARIABLE] ?? '');
  const agents = objectOf(config['agent']);
  return { [CONFIG_VARIABLE]: JSON.stringify({ ...config, agent: { ...agents, [BARE_AGENT]: AGENT } }) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
