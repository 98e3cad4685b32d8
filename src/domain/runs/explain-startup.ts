import type { Extensions } from '../../adapters/engine/agent-engine.ts';
import type { Context } from '../context.ts';
import type { Verdict } from './run-schema.ts';

/** How to see whether it is a plugin that hangs. */
export const WITHOUT_PLUGINS = 'try it without plugins: OPENCODE_PURE=1 opencode run hello';

interface Start {
  readonly session: string;
  readonly directory: string;
  /** When the agent was started, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * The verdict on an agent that gave no sign of life, with what kept it from doing so: opencode itself that hangs while it
 * starts, as it does when a plugin never returns, or a model that does not answer. The one has the message in its database
 * by then, the other does not. Any other verdict stays as it is.
 */
export async function explainStartup<V extends Omit<Verdict, 'evidence'>>(
  { opencode }: Pick<Context, 'opencode'>,
  verdict: V,
  { session, directory, since }: Start,
): Promise<V> {
  if (verdict.class !== 'startup_timeout') return verdict;
  const rows = await opencode.describeSessions([session]).catch(() => undefined);
  const stored = rows?.find(({ id }) => id === session);
  if (stored === undefined) return verdict;
  if (stored.time_updated >= since) {
    const known = verdict.message.includes(';');
    return known ? verdict : { ...verdict, message: `${verdict.message}; the model has not started to answer` };
  }
  const extensions = await opencode.configuredExtensions(directory).catch(() => undefined);
  const pure = extensions === undefined || extensions.plugins.length > 0;
  return {
    ...verdict,
    message: `opencode hangs during start-up: it did not accept the message within AGENT_STARTUP_TIMEOUT_SECONDS${suspectsOf(extensions)}`,
    hint: pure ? WITHOUT_PLUGINS : 'run: kugetsu doctor',
  };
}

/** What of the configuration may hang, to be put behind a sentence; empty when there is nothing. */
export function suspectsOf(extensions: Extensions | undefined): string {
  if (extensions === undefined) return '; a plugin or an MCP server in its configuration may be hanging';
  const { plugins, mcpServers } = extensions;
  const named = [
    ...(plugins.length === 0 ? [] : [`plugins ${plugins.join(', ')}`]),
    ...(mcpServers.length === 0 ? [] : [`MCP servers ${mcpServers.join(', ')}`]),
  ];
  return named.length === 0 ? '' : `; its configuration starts ${named.join(' and ')}`;
}
