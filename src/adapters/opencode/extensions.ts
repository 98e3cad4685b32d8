import * as z from 'zod/mini';
import { parseJson } from '../../util/loose-object.ts';
import type { Extensions } from '../engine/agent-engine.ts';
import { tryOpencode, type OpencodeCli } from './opencode-cli.ts';

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
