import { resolve } from 'node:path';
import { changeTextFile } from '../../adapters/store/text-file.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { isLooseObject, parseJson, type LooseObject } from '../../util/loose-object.ts';
import { quoted, said, words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { isUsableUrl, USABLE_URLS } from './clone-url.ts';
import { isRepositoryKey, meantKey, REPOSITORY_KEYS, repositoryFault, type RepositoryKey } from './repository-entry.ts';
import { canonicalKey, entryNamed, readReposFile } from './repos-file.ts';
import { readServers } from './servers-file.ts';

type HomeOnly = Pick<Context, 'home'>;

/**
 * The repository, or the issue, that a person means, in the one form of its key.
 *
 * @throws AppError usage (exit code 2)
 */
export async function requireRepository({ home }: HomeOnly, text: string): Promise<string> {
  const canonical = canonicalKey(text, await readServers({ home }));
  if (canonical !== undefined) return canonical;
  throw usageError(
    words`not a repository: ${quoted(text, 100)}`,
    'use host/owner/repo, or host/owner/repo#identifier for one issue; owner/repo is one of the default server',
  );
}

/** The name of a setting of a repository. @throws AppError usage (exit code 2) that suggests the one that was meant */
export function requireRepositoryKey(key: string): RepositoryKey {
  if (isRepositoryKey(key)) return key;
  const meant = meantKey(key);
  throw usageError(
    words`there is no setting ${quoted(key)} of a repository`,
    meant === undefined ? `the settings are ${REPOSITORY_KEYS.join(', ')}` : `did you mean ${meant}?`,
  );
}

interface NewValue {
  /** As {@link requireRepository} gives it. */
  readonly repository: string;
  readonly key: RepositoryKey;
  /** The words of the command line: as many as there are patterns for `copy`, and one for everything else. */
  readonly values: readonly string[];
}

/**
 * Sets a setting of a repository, also when the file has mistakes elsewhere; everything else in it stays as it is.
 *
 * @throws AppError usage (exit code 2) when it cannot have this value, `corrupt_file`; then nothing is written
 */
export async function setRepositorySetting(
  context: Pick<Context, 'home' | 'cwd'>,
  { repository, key, values }: NewValue,
): Promise<void> {
  const value = checkedValue(context, key, values);
  const servers = await readServers(context);
  await changeRepos(context, (repos) => {
    const [name, entry] = entryNamed(repository, repos, servers) ?? [repository, {}];
    return { ...repos, [name]: { ...objectOf(entry), [key]: value } };
  });
}

/**
 * Removes a setting of a repository, also one that kugetsu does not know, or with no `key` all that is said of it.
 * `repository` may also be a key as it is written in the file, that means nothing.
 *
 * @returns whether it was there
 */
export async function unsetRepositorySetting(
  context: HomeOnly,
  { repository: text, key }: { readonly repository: string; readonly key: string | undefined },
): Promise<boolean> {
  const servers = await readServers(context);
  let found = false;
  await changeRepos(context, (repos) => {
    const [name, entry] = Object.hasOwn(repos, text) ? [text, repos[text]] : (entryNamed(text, repos, servers) ?? []);
    if (name === undefined) return undefined;
    const { [name]: _entry, ...others } = repos;
    const { [key ?? '']: setting, ...rest } = objectOf(entry);
    found = key === undefined || setting !== undefined;
    if (!found) return undefined;
    // In its place, or not at all.
    return key === undefined || Object.keys(rest).length === 0 ? others : { ...repos, [name]: rest };
  });
  return found;
}

function checkedValue(
  { home, cwd }: Pick<Context, 'home' | 'cwd'>,
  key: RepositoryKey,
  values: readonly string[],
): unknown {
  const [first = '', ...more] = values;
  if (key === 'copy') return requireSound(key, values, home.reposFile);
  if (values.length !== 1) {
    throw usageError(
      more.length === 0 ? `${key} needs a value` : `${key} has one value, and ${values.length} were given`,
      more.length === 0 ? `to remove it, run: kugetsu repo unset REPOSITORY ${key}` : 'put quotes around it',
    );
  }
  if (key === 'url' && !isUsableUrl(first)) throw usageError('the clone URL is not usable', USABLE_URLS);
  return requireSound(key, key === 'checkout' ? resolve(cwd, first) : first, home.reposFile);
}

function requireSound(key: RepositoryKey, value: unknown, path: string): unknown {
  const fault = Array.isArray(value) && value.length === 0 ? 'needs a value' : repositoryFault(key, value);
  if (fault === undefined) return value;
  const shown = typeof value === 'string' ? words` ${said(value, 60)}:` : '';
  throw usageError(words`${key}${shown} ${fault}`, `nothing was changed in ${path}`);
}

function objectOf(entry: unknown): LooseObject {
  if (typeof entry === 'string') return { url: entry };
  return isLooseObject(entry) ? entry : {};
}

/** Changes `repos.json` under its lock. `change` gives undefined to leave it as it is. */
async function changeRepos({ home }: HomeOnly, change: (repos: LooseObject) => LooseObject | undefined): Promise<void> {
  await readReposFile({ home });
  await changeTextFile(home.reposFile, (text) => {
    const repos = text === undefined ? {} : parseJson(text);
    // It was sound a moment ago.
    if (!isLooseObject(repos))
      throw new AppError('overtaken', `${home.reposFile} is being changed by something else`, {
        hint: 'run the command again',
      });
    const changed = change(repos);
    return changed === undefined ? undefined : `${JSON.stringify(changed, null, indentOf(text))}\n`;
  });
}

/** How deep the entries of a JSON text are indented; two spaces when it does not say. */
function indentOf(text: string | undefined): string {
  return /^\s*\{[^\S\n]*\n([ \t]+)"/.exec(text ?? '')?.[1] ?? '  ';
}
