/** The file that every agent's variables begin with. */
export const DEFAULT_AGENT = 'default';

/** The agents that kugetsu runs; each gets the variables of `default`, overridden by its own. */
export const RUN_AGENTS = ['pm-agent', 'dev-agent'] as const;

/** An agent that kugetsu runs. */
export type RunAgent = (typeof RUN_AGENTS)[number];

/** The environment variable that tells a kugetsu in an agent's run which agent called it. */
export const AGENT_VARIABLE = 'KUGETSU_AGENT';
