import * as z from 'zod/mini';
import { parseJson } from '../../util/loose-object.ts';
import { AppError } from '../../util/errors.ts';
import { opencodeFailed, tryOpencode, type OpencodeCli } from './opencode-cli.ts';
import type { Extensions } from '../engine/agent-engine.ts';

/** What opencode makes of the name of an agent; one that is disabled is unknown to it. */
export type AgentStanding = 'usable' | 'subagent' | 'unknown';

interface AgentQuestion {
  readonly name: string;
  /** An absolute path. */
  readonly directory: string;
  /** Whether the configuration counts that is found there. */
  readonly projectConfig: boolean;
}

const AgentSchema = z.object({ mode: z.string() });

/**
 * The status of an agent in the user's configuration. This starts opencode with all its plugins, as a run does.
 *
 * @throws AppError `opencode_hangs`, `opencode_failed`, `opencode_unexpected`
 */
export async function agentStanding(
  cli: OpencodeCli,
  { name, directory, projectConfig }: AgentQuestion,
): Promise<AgentStanding> {
  const args = ['debug', 'agent', name];
  const result = await tryOpencode(cli, args, directory, { plugins: true, projectConfig });
  if (result.exitCode !== 0) {
    if (/^Agent .* not found/m.test(`${result.stdout}\n${result.stderr}`)) return 'unknown';
    throw opencodeFailed(args, result);
  }
  const agent = AgentSchema.safeParse(parseJson(result.stdout)).data;
  if (agent === undefined) {
    throw new AppError('opencode_unexpected', `opencode debug agent ${name} printed something other than an agent`, {
      details: result.stdout.slice(0, 4000),
    });
  }
  return agent.mode === 'subagent' ? 'subagent' : 'usable';
}

const ConfigSchema = z.object({
  plugin: z.optional(z.array(z.unknown())),
  mcp: z.optional(z.record(z.string(), z.unknown())),
});

/** The plugins and MCP servers of the configuration that holds in `directory`; undefined when opencode does not say. */
export async function configuredExtensions(cli: OpencodeCli, directory: string): Promise<Extensions | undefined> {
  const { exitCode, stdout } = await tryOpencode(cli, ['debug', 'config'], directory);
  const config = exitCode === 0 ? ConfigSchema.safeParse(parseJson(stdout)).data : undefined;
  if (config === undefined) return undefined;
  const { plugin = [], mcp = {} } = config;
  return {
    plugins: plugin.map(nameOf).filter((name) => name !== undefined),
    mcpServers: Object.entries(mcp).flatMap(([name, server]) => (isOff(server) ? [] : [name])),
  };
}

/** A plugin is listed by its name, or by its name and options. */
function nameOf(plugin: unknown): string | undefined {
  const name: unknown = Array.isArray(plugin) ? plugin[0] : plugin;
  return typeof name === 'string' ? name.replace(/^file:\/\//, '') : undefined;
}

function isOff(server: unknown): boolean {
  return typeof server === 'object' && server !== null && 'enabled' in server && server.enabled === false;
}
