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
