import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { isInside } from '../store/paths.ts';
import { readTextIfExists } from '../store/private-files.ts';
import { isLooseObject, parseJson, type LooseObject } from '../../util/loose-object.ts';

type Env = Readonly<Record<string, string | undefined>>;

// The variables with configuration of a user's own, to which something is added.
const CONTENT = 'OPENCODE_CONFIG_CONTENT';
const PERMISSION = 'OPENCODE_PERMISSION';

// The first that exists counts, as in opencode.
const INSTRUCTIONS = ['AGENTS.md', 'CLAUDE.md', 'CONTEXT.md'];

// Measured with opencode 1.18.33: OPENCODE_DISABLE_PROJECT_CONFIG keeps `run` from MCP servers, tools, commands and settings,
// but a second loader ("config-plugin") imports the plugins of these all the same.
const CONFIG_FILES = ['opencode.json', 'opencode.jsonc'];
const PLUGIN_DIRECTORIES = ['plugin', 'plugins'];

/**
 * Makes an opencode that works in `directory` ignore the configuration that it finds there (`opencode.json`, `.opencode/`):
 * what it names would be run before the model has seen anything. What the directory says to agents in words (`AGENTS.md`)
 * stays, unless a link would fetch it from elsewhere: opencode leaves that out, too, so it is named in the configuration
 * that the environment has.
 *
 * @throws AppError `project_plugins` when there are plugins, because opencode cannot be kept from running them
 */
export async function withoutProjectConfig(env: Env, directory: string): Promise<Env> {
  const plugins = await pluginsOf(directory);
  if (plugins !== undefined) {
    throw new AppError('project_plugins', `${plugins} has plugins, and opencode would run them as soon as it starts`, {
      hint: 'nothing was run; if you trust this repository, run: kugetsu config set AGENT_PROJECT_CONFIG on',
    });
  }
  const safe = { ...env, OPENCODE_DISABLE_PROJECT_CONFIG: '1' };
  const instructions = await instructionsOf(directory);
  const content = instructions === undefined ? undefined : withInstructions(env[CONTENT], instructions);
  return content === undefined ? safe : { ...safe, [CONTENT]: content };
}

/** An environment in which opencode reads one more file of instructions. */
export function withNotes(env: Env, path: string): Env {
  const content = withInstructions(env[CONTENT], path);
  return content === undefined ? env : { ...env, [CONTENT]: content };
}

/** The path of the first thing in `directory` from which opencode would take a plugin. */
async function pluginsOf(directory: string): Promise<string | undefined> {
  const own = join(directory, '.opencode');
  for (const file of [directory, own].flatMap((parent) => CONFIG_FILES.map((name) => join(parent, name)))) {
    if (namesPlugins((await readTextIfExists(file).catch(() => '"plugin"')) ?? '')) return file;
  }
  for (const name of PLUGIN_DIRECTORIES) {
    const files = await readdir(join(own, name)).catch((): string[] => []);
    const plugin = files.find((file) => /\.[tj]s$/.test(file));
    if (plugin !== undefined) return join(own, name, plugin);
  }
  return undefined;
}

// The file may have comments, and letters of a key may be escaped; that the word is there is enough.
function namesPlugins(text: string): boolean {
  const letters = text.replaceAll(/\\u([0-9A-Fa-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return /"plugins?"/.test(letters);
}

/** The file in `directory` that says something to agents in words; undefined without, or when it lies elsewhere. */
export async function instructionsOf(directory: string): Promise<string | undefined> {
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

// Measured with opencode 1.18.33: which skills a model is offered is decided by the permission of the agent, which the
// configuration makes, and not by that of the session. What this variable has is merged into the configuration key by key, so
// the name `skill` would replace a user's own `"skill": "deny"`; a pattern that means the same stands beside it, and behind.
const SKILL = 'skil?';

/** An environment in which opencode offers its agents none of these skills, and refuses to load them. */
export function withoutSkills(env: Env, names: readonly string[]): Env {
  const given = env[PERMISSION] ?? '';
  const before = parseJson(given.trim() === '' ? '{}' : given);
  // One that opencode cannot read either is left for it to complain of.
  if (names.length === 0 || !isLooseObject(before)) return env;
  const own = isLooseObject(before[SKILL]) ? before[SKILL] : {};
  const denied = Object.fromEntries(names.map((name) => [name, 'deny']));
  const { [SKILL]: _, ...others } = before;
  return { ...env, [PERMISSION]: JSON.stringify({ ...others, [SKILL]: { ...own, ...denied } }) };
}

/** The name of an agent that exists only in the environment of one call. */
export const BARE_AGENT = 'kugetsu-bare';

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
export function bareAgentEnvironment(env: Env): Record<string, string> {
  const config = objectOf(parseJson(env[CONTENT] ?? ''));
  const agents = objectOf(config['agent']);
  return { [CONTENT]: JSON.stringify({ ...config, agent: { ...agents, [BARE_AGENT]: AGENT } }) };
}

function objectOf(value: unknown): LooseObject {
  return isLooseObject(value) ? value : {};
}
