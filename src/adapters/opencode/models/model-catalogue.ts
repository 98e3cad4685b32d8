import { isAbsolute, join } from 'node:path';
import { messageOf } from '../../../util/errors.ts';
import { pathExists } from '../../store/paths.ts';
import { modelsIn } from './catalogue-text.ts';
import { readConfiguration, readLogins } from './configuration.ts';
import { meantProviders, unknownModel, type Meant } from './meant-providers.ts';
import { xdgDirectory, type Env } from '../places.ts';
import { tableHasRows } from './sqlite-rows.ts';
import { isTrimmedFile, trimmedFiles } from './trimmed-files.ts';

// opencode 1.18.33 builds the catalogue of all models that exist (225 providers, 8261 models) in each process that calls a model.
// With a file of the few that a run may use, `opencode run` takes two thirds of the memory and of the CPU time.

/** The variable with the file that opencode takes as its catalogue; its own it goes on renewing. */
const VARIABLE = 'OPENCODE_MODELS_PATH';

// Whoever sets one of these says where the catalogue comes from, or has an opencode that is under test.
const USERS_OWN = [VARIABLE, 'OPENCODE_MODELS_URL', 'OPENCODE_TEST_HOME', 'OPENCODE_TEST_MANAGED_CONFIG_DIR'];

/** The opencode that is to get a catalogue. */
export interface CatalogueQuestion {
  /** The path of its program. */
  readonly program: string;
  /** All of its environment. */
  readonly env: Env;
  /** Where it works. */
  readonly directory: string;
  /** Whether it loads plugins, where there are some. */
  readonly plugins: boolean;
  /** `provider/model`, when one is asked for. */
  readonly model?: string | undefined;
}

/** The catalogue that an opencode gets: a file with these of so many providers, or its own one, with the reason. */
export type GivenCatalogue =
  | { readonly path: string; readonly providers: readonly string[]; readonly of: number }
  | { readonly whole: string };

/** Where trimmed catalogues are kept, and whether they are wanted. */
export interface CatalogueOptions {
  readonly directory: string;
  readonly wanted: () => Promise<boolean>;
}

/** The environment of an opencode with the variable that gives it a catalogue, or without when it is to have its own. */
export async function withCatalogue(question: CatalogueQuestion, options?: CatalogueOptions): Promise<Env> {
  const env = withoutInherited(question.env);
  const given = await givenCatalogue({ ...question, env }, options);
  return 'path' in given ? { ...env, [VARIABLE]: given.path } : env;
}

/** An environment without the catalogue of an agent that kugetsu itself was started by: that one was trimmed for the agent. */
export function withoutInherited(env: Env): Env {
  return isTrimmedFile(env[VARIABLE] ?? '') ? { ...env, [VARIABLE]: undefined } : env;
}

/** The catalogue that an opencode gets. Never throws: whatever is in doubt, or fails, means its own one. */
export async function givenCatalogue(question: CatalogueQuestion, options?: CatalogueOptions): Promise<GivenCatalogue> {
  try {
    if (options === undefined || !(await options.wanted())) return { whole: 'MODEL_CATALOGUE is whole' };
    const own = USERS_OWN.find((name) => question.env[name] !== undefined);
    if (own !== undefined) return { whole: `${own} is set` };
    return await trimmed(options, question);
  } catch (error) {
    return { whole: messageOf(error) };
  }
}

async function trimmed({ directory }: CatalogueOptions, question: CatalogueQuestion): Promise<GivenCatalogue> {
  const fetched = join(xdgDirectory(question.env, 'CACHE'), 'models.json');
  const files = await trimmedFiles(directory, { fetched, program: question.program });
  if (files === undefined) return { whole: 'opencode has none that kugetsu understands' };
  const meant = await whatIsMeant(question);
  if ('doubt' in meant) return { whole: meant.doubt };
  const ids = meantProviders(files.providers, meant);
  const of = Object.keys(files.providers).length;
  if (ids.size === of) return { whole: 'every provider may be used' };
  const file = await files.with(ids);
  if (file === undefined) return { whole: 'opencode has just fetched another' };
  const unknown = unknownModel(modelsIn(file.text), meant);
  if (unknown !== undefined) return { whole: `the catalogue does not have ${unknown}` };
  return { path: file.path, providers: [...ids], of };
}

async function whatIsMeant({ env, directory, plugins, model }: CatalogueQuestion): Promise<Meant | { doubt: string }> {
  const { texts, plugins: configured } = await readConfiguration(env, directory);
  const pure = !plugins || /^(?:1|true)$/i.test(env['OPENCODE_PURE'] ?? '');
  if (configured && !pure) return { doubt: 'plugins may name any provider' };
  const { ids, remote } = await readLogins(env);
  if (remote) return { doubt: 'a server that opencode is logged in to has more of its configuration' };
  if (await isManaged(env)) return { doubt: 'the machine’s management has more of its configuration' };
  if (await hasAccount(env))
    return { doubt: 'the account that opencode is logged in to has more of its configuration' };
  return { texts, env, logins: ids, models: model === undefined ? [] : [model] };
}

/** Whether a Mac's management has set preferences for opencode. */
async function isManaged(env: Env): Promise<boolean> {
  if (process.platform !== 'darwin') return false;
  const own = join('/Library/Managed Preferences', env['USER'] ?? '', 'ai.opencode.managed.plist');
  return (await pathExists(own)) || pathExists('/Library/Managed Preferences/ai.opencode.managed.plist');
}

/** Whether opencode is logged in to its console: an organisation there has configuration for its members. */
async function hasAccount(env: Env): Promise<boolean> {
  const named = env['OPENCODE_DB'] ?? '';
  if (named === ':memory:') return false;
  const data = xdgDirectory(env, 'DATA');
  const database = named === '' ? join(data, 'opencode.db') : isAbsolute(named) ? named : join(data, named);
  return tableHasRows(database, 'account');
}
