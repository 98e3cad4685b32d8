import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errnoOf } from '../../../util/errors.ts';
import { xdgDirectory, type Env } from '../places.ts';
import { isLooseObject, parseJson } from '../../../util/loose-object.ts';

/** More than this is no configuration that a person wrote, in bytes. */
const LARGEST_FILE = 2 * 1024 * 1024;
const MOST_FILES = 500;
const DEEPEST = 8;

// opencode 1.18.33 reads these in each of its directories: agents, commands and modes are files with their own `model`.
const MARKDOWN = ['agent', 'agents', 'command', 'commands', 'mode', 'modes'];
const PLUGINS = ['plugin', 'plugins'];
const FILES = ['opencode.json', 'opencode.jsonc'];

/** What opencode is configured with, as far as it can name providers and models. */
export interface Configuration {
  /** What the files say, references to variables and files replaced. */
  readonly texts: readonly string[];
  /** Whether there is a plugin in it. */
  readonly plugins: boolean;
}

/**
 * The configuration of an opencode that works in `directory`: the user's, the machine's, that of its environment, and the
 * project's unless the environment switches that off.
 *
 * @throws when something of it cannot be read, or is no plain file
 */
export async function readConfiguration(env: Env, directory: string): Promise<Configuration> {
  const own = [...projectDirectories(env, directory), ...userDirectories(env)];
  const files = [...ownFiles(env, directory), ...own.flatMap((parent) => FILES.map((name) => join(parent, name)))];
  const texts = [await substituted(env['OPENCODE_CONFIG_CONTENT'] ?? '', directory, env)];
  for (const file of new Set(files)) texts.push(await substituted((await readIfFile(file)) ?? '', dirname(file), env));
  let plugins = texts.some(namesPlugins);
  for (const parent of new Set(own)) {
    for (const name of MARKDOWN) texts.push(...(await markdownIn(join(parent, name))));
    for (const name of PLUGINS) plugins ||= (await namesIn(join(parent, name))).some((file) => /\.[jt]s$/.test(file));
  }
  return { texts: texts.filter((text) => text !== ''), plugins };
}

/** The providers for which opencode has credentials; nothing of the credentials themselves. */
interface Logins {
  readonly ids: readonly string[];
  /** Whether one of them is a server that has more configuration, which opencode fetches when it starts. */
  readonly remote: boolean;
}

/**
 * The logins of `auth.json`, and those of the environment (`OPENCODE_AUTH_CONTENT`).
 *
 * @throws when the file is there and cannot be read
 */
export async function readLogins(env: Env): Promise<Logins> {
  const file = await readIfFile(join(xdgDirectory(env, 'DATA'), 'auth.json'));
  const texts = [file, env['OPENCODE_AUTH_CONTENT']].filter((text) => text !== undefined && text !== '');
  const entries = texts.map((text) => parseJson(text ?? '')).flatMap((json) => (isLooseObject(json) ? [json] : []));
  const values = entries.flatMap((json) => Object.values(json)).filter(isLooseObject);
  return {
    ids: entries.flatMap((json) => Object.keys(json)),
    remote: entries.length < texts.length || values.some(({ type }) => type === 'wellknown'),
  };
}

function ownFiles(env: Env, directory: string): string[] {
  const config = xdgDirectory(env, 'CONFIG');
  const named = env['OPENCODE_CONFIG'] ?? '';
  const parents = readsProject(env) ? parentsOf(directory) : [];
  return [
    join(config, 'config.json'),
    join(config, 'config'),
    ...(named === '' ? [] : [resolve(directory, named)]),
    ...parents.flatMap((parent) => FILES.map((name) => join(parent, name))),
    // What was chosen last is the model of whoever names none.
    join(xdgDirectory(env, 'STATE'), 'model.json'),
  ];
}

function userDirectories(env: Env): string[] {
  const named = env['OPENCODE_CONFIG_DIR'] ?? '';
  const managed = process.platform === 'darwin' ? '/Library/Application Support/opencode' : '/etc/opencode';
  const own = [xdgDirectory(env, 'CONFIG'), join(env['HOME'] ?? '', '.opencode'), managed];
  return named === '' ? own : [...own, named];
}

function projectDirectories(env: Env, directory: string): string[] {
  return readsProject(env) ? parentsOf(directory).map((parent) => join(parent, '.opencode')) : [];
}

function readsProject(env: Env): boolean {
  return !/^(?:1|true)$/i.test(env['OPENCODE_DISABLE_PROJECT_CONFIG'] ?? '');
}

/** A directory and all above it: where opencode stops depends on the repository. */
function parentsOf(directory: string): string[] {
  const above = dirname(directory);
  return above === directory ? [directory] : [directory, ...parentsOf(above)];
}

/** A text as opencode parses it: `{env:NAME}` and `{file:PATH}` are replaced first. A missing file is opencode's to tell. */
async function substituted(text: string, directory: string, env: Env): Promise<string> {
  const [head = '', ...parts] = text
    .replaceAll(/\{env:([^}]+)\}/g, (_, name: string) => env[name] ?? '')
    .split(/\{file:([^}]+)\}/);
  let whole = head;
  for (let at = 0; at < parts.length; at += 2) {
    const name = parts[at] ?? '';
    const path = name.startsWith('~/') ? join(env['HOME'] ?? '', name.slice(2)) : resolve(directory, name);
    whole += JSON.stringify(((await readIfFile(path)) ?? '').trim()).slice(1, -1) + (parts[at + 1] ?? '');
  }
  return whole;
}

/** The head of each Markdown file of a tree, which is where a model is named. */
async function markdownIn(directory: string): Promise<string[]> {
  const files: string[] = [];
  const walk = async (path: string, depth: number): Promise<void> => {
    for (const name of await namesIn(path)) {
      const inside = join(path, name);
      const isDirectory = (await stat(inside).catch(() => undefined))?.isDirectory() === true;
      if (isDirectory) await walk(inside, depth + 1);
      else if (name.endsWith('.md')) files.push(inside);
      if (files.length > MOST_FILES || depth > DEEPEST) throw new Error(`${directory} has too many files`);
    }
  };
  await walk(directory, 0);
  const texts: string[] = [];
  for (const file of files) texts.push(/^---\r?\n([^]*?)\r?\n---/.exec((await readIfFile(file)) ?? '')?.[1] ?? '');
  return texts;
}

async function namesIn(directory: string): Promise<string[]> {
  return unlessMissing(readdir(directory), []);
}

/** The text of a file; undefined when there is none. @throws for what is no plain file, or a huge one */
async function readIfFile(path: string): Promise<string | undefined> {
  const found = await unlessMissing(stat(path), undefined);
  if (found === undefined) return undefined;
  // Opening a named pipe would wait for its other end.
  if (!found.isFile() || found.size > LARGEST_FILE) throw new Error(`${path} is no file of a usual size`);
  return readFile(path, 'utf8');
}

async function unlessMissing<T, U>(read: Promise<T>, instead: U): Promise<T | U> {
  try {
    return await read;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return instead;
    throw error;
  }
}

/** Whether a text names plugins; an empty list of them is none. */
function namesPlugins(text: string): boolean {
  const letters = text.replaceAll(/\\u([0-9A-Fa-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return /"plugins?"/.test(letters.replaceAll(/"plugins?"\s*:\s*\[\s*\]/g, ''));
}
