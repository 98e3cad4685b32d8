import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isInside } from '../store/is-inside.ts';

type Env = Readonly<Record<string, string | undefined>>;

// The first that is there counts, as in opencode.
const INSTRUCTIONS = ['AGENTS.md', 'CLAUDE.md', 'CONTEXT.md'];

/**
 * Makes an opencode that works in `directory` ignore the configuration that it finds there (`opencode.json`, `.opencode/`):
 * plugins and MCP servers of it would be run before the model has seen anything. What the directory says to agents in
 * words (`AGENTS.md`) stays, unless a link would fetch it from elsewhere: opencode leaves that out, too, so it is named
 * in the configuration that the environment has.
 */
export async function withoutProjectConfig(env: Env, directory: string): Promise<Env> {
  const safe = { ...env, OPENCODE_DISABLE_PROJECT_CONFIG: '1' };
  const instructions = await instructionsOf(directory);
  const content =
    instructions === undefined ? undefined : withInstructions(env['OPENCODE_CONFIG_CONTENT'], instructions);
  return content === undefined ? safe : { ...safe, OPENCODE_CONFIG_CONTENT: content };
}

async function instructionsOf(directory: string): Promise<string | undefined> {
  for (const name of INSTRUCTIONS) {
    const path = join(directory, name);
    if ((await lstat(path).catch(() => undefined)) === undefined) continue;
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined || !(await isInside(directory, real))) return undefined;
    return (await lstat(real)).isFile() ? real : undefined;
  }
  return undefined;
}

/** A user's own configuration in the environment with one more file of instructions; undefined when it cannot be read. */
function withInstructions(content: string | undefined, path: string): string | undefined {
  if (content === undefined || content.trim() === '') return JSON.stringify({ instructions: [path] });
  try {
    const config: unknown = JSON.parse(content);
    if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
    const known: unknown[] = 'instructions' in config && Array.isArray(config.instructions) ? config.instructions : [];
    return JSON.stringify({ ...config, instructions: [...known, path] });
  } catch {
    return undefined;
  }
}
