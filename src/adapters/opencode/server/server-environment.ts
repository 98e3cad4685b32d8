import { isLooseObject, parseJson } from '../../../util/loose-object.ts';
import { layered, type Layer, type Variables } from '../../../util/layers.ts';
import type { AgentRequest } from '../../engine/agent-engine.ts';
import { readTextIfExists } from '../../store/private-files.ts';
import { withoutSkills, instructionsOf } from '../environment-config.ts';
import { withCatalogue } from '../models/model-catalogue.ts';
import { driverEnvironment, type OpencodeCli } from '../opencode-cli.ts';

const CONFIG_VARIABLE = 'OPENCODE_CONFIG_CONTENT';

/** What is of one run: tools have it, and the server itself does not. */
const OF_A_RUN =
  /^(?:TMPDIR|GIT_CONFIG_(?:COUNT|PARAMETERS|KEY_\d+|VALUE_\d+)|GIT_LFS_.*|KUGETSU_(?:RUN|TASK|ORIGIN|CREDENTIAL|CHECK|GIT|BRANCH).*)$/;

/** What may differ between agents that share a server, as nothing in it depends on it; the server has that of the first. */
const VOLATILE =
  /^(?:KUGETSU_.*|PWD|OLDPWD|SHLVL|_|TERM.*|SSH_.*|COLUMNS|LINES|XDG_SESSION_.*|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_.*|WINDOWID|TMUX.*|STY|PS\d|PROMPT_COMMAND)$/;

interface Asked extends AgentRequest {
  readonly cli: OpencodeCli;
}

/** What the server itself has, in order of precedence: the last wins. */
const LAYERS: readonly Layer<Asked>[] = [
  { name: 'agent', variables: ({ env }) => env },
  { name: 'not of a run', variables: (_, under) => without(under, OF_A_RUN) },
  { name: 'skills', variables: ({ hiddenSkills = [] }, under) => withoutSkills(under, hiddenSkills) },
  { name: 'project configuration', variables: () => ({ OPENCODE_DISABLE_PROJECT_CONFIG: '1' }) },
  { name: 'program', variables: ({ directory }, under) => driverEnvironment(under, directory) },
  {
    // Before the plugin, which is not the user's and names no model.
    name: 'catalogue of models',
    variables: async ({ cli, directory, model }, under) =>
      withCatalogue({ program: cli.path, env: under, directory, plugins: true, model }, cli.catalogue),
  },
];

/** The environment of a server in which this agent can work, without what kugetsu gives to the server alone. */
export async function serverEnvironment(cli: OpencodeCli, request: AgentRequest): Promise<Variables> {
  return layered(LAYERS, { ...request, cli });
}

/**
 * What of a server's environment agents must have in common to share it.
 *
 * @param own names of variables that are for kugetsu itself, and for nothing that runs in a server
 */
export function commonTo(env: Variables, own: ReadonlySet<string>): Record<string, string> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !VOLATILE.test(entry[0]) && !own.has(entry[0]),
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The environment with the plugin in opencode's configuration; undefined when the user's own cannot be read. */
export function withPlugin(env: Variables, plugin: string): Variables | undefined {
  const content = env[CONFIG_VARIABLE] ?? '';
  const config = parseJson(content.trim() === '' ? '{}' : content);
  if (!isLooseObject(config)) return undefined;
  const own: unknown[] = Array.isArray(config['plugin']) ? config['plugin'] : [];
  return { ...env, [CONFIG_VARIABLE]: JSON.stringify({ ...config, plugin: [...own, `file://${plugin}`] }) };
}

/** What the agents of a run are told, as opencode says what it finds in files of instructions. */
export async function wordsOf({ notes, directory }: AgentRequest): Promise<string[]> {
  const paths = [await instructionsOf(directory), notes].filter((path) => path !== undefined);
  const texts = await Promise.all(
    paths.map(async (path) => {
      const text = await readTextIfExists(path);
      return text === undefined ? [] : [`Instructions from: ${path}\n${text}`];
    }),
  );
  return texts.flat();
}

function without(env: Variables, names: RegExp): Variables {
  return Object.fromEntries(Object.keys(env).flatMap((name) => (names.test(name) ? [[name, undefined]] : [])));
}
