/** The file that every agent's variables begin with. */
export const DEFAULT_AGENT = 'default';

/** The agents that kugetsu runs; each gets the variables of `default`, overridden by its own. */
export const RUN_AGENTS = ['pm-agent', 'dev-agent'] as const;

/** An agent that kugetsu runs. */
export type RunAgent = (typeof RUN_AGENTS)[number];

/** The environment variable that tells a kugetsu in an agent's run which agent called it. */
export const AGENT_VARIABLE = 'KUGETSU_AGENT';

const AGENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Whether an agent can have this name, which then is no path. */
export function isAgentName(name: string): boolean {
  return AGENT_NAME.test(name);
}

/** The agent whose env file has this name; undefined for any other file. */
export function agentOfFile(name: string): string | undefined {
  const agent = name.endsWith('.env') ? name.slice(0, -'.env'.length) : '';
  return isAgentName(agent) ? agent : undefined;
}
