import { join } from 'node:path';
import { leadsToDirectory, seenAtOnce } from '../store/paths.ts';
import { makeLinked, type Scratch } from '../store/changes.ts';
import { replaceFile } from '../store/private-files.ts';
import { configText, valueIn, type Config } from './config-forms.ts';
import { plainText } from './plain-file.ts';

const NAME = 'kugetsu-git';
const REFSPEC = '+refs/heads/*:refs/remotes/origin/*';

// What it shares with the repository: no file from which git takes a setting, a program to run, an attribute or a graft.
const SHARED = ['objects', 'refs', 'packed-refs', 'shallow', 'logs', 'worktrees'];
/** Its links to the repository, by name. */
export const OWN_LINKS: Readonly<Record<string, string>> = Object.fromEntries(
  SHARED.map((name) => [name, join('..', name)] as const),
);

/** What kugetsu knows of a bare repository that it made, whatever the repository's own configuration says now. */
export interface OwnFacts {
  /** What the repository stands for, `host/owner/repo`. */
  readonly source: string;
  readonly url: string;
  /** How objects are named; git-init(1), `--object-format`. */
  readonly objectFormat: 'sha1' | 'sha256';
  /** What git found out of the filesystem when it cloned, as settings. */
  readonly filesystem: Config;
}

/**
 * The git directory with which kugetsu's own git works on a bare repository. Its configuration is kugetsu's; the
 * repository's own can be written by any agent whose worktree belongs to it, and is read by none of kugetsu's gits.
 */
export function ownDirectory(repository: string): string {
  return join(repository, NAME);
}

/**
 * Whether the git directory of kugetsu's own git is there: in a repository that 0.1.0 made it is missing until the first
 * change.
 */
export async function hasOwnDirectory(repository: string): Promise<boolean> {
  return isFile(join(ownDirectory(repository), 'HEAD'));
}

/** What is in that directory, with links that lead there from anywhere. */
export async function ownParts(repository: string): Promise<Scratch> {
  const facts = (await ownFacts(repository)) ?? { ...(await clonedFacts(repository)), source: undefined };
  const links = SHARED.map((name) => [name, join(repository, name)] as const);
  return { files: { config: ownConfig(facts), HEAD }, links: Object.fromEntries(links) };
}

/** Makes the git directory of kugetsu's own git where it is missing; does nothing in what is no repository. */
export async function ensureOwnDirectory(repository: string): Promise<void> {
  const own = ownDirectory(repository);
  if (await isFile(join(own, 'HEAD'))) return;
  const parts = await Promise.all(['objects', 'refs'].map(async (name) => leadsToDirectory(join(repository, name))));
  if (!parts.every(Boolean)) return;
  const facts = (await ownFacts(repository)) ?? { ...(await clonedFacts(repository)), source: undefined };
  await makeOwn(repository, facts);
}

/** What a bare repository of kugetsu's has in HEAD. */
export const HEAD = 'ref: refs/heads/main\n';

/** Puts back the links to the repository; git removes one with the file that it leads to. */
export async function linkParts(repository: string): Promise<void> {
  await makeLinked(ownDirectory(repository), { files: {}, links: OWN_LINKS });
}

/** Notes what a repository is, and what it is fetched from. */
export async function noteFacts(repository: string, facts: OwnFacts): Promise<void> {
  if (await isFile(join(ownDirectory(repository), 'HEAD'))) {
    await replaceFile(join(ownDirectory(repository), 'config'), ownConfig(facts));
  } else await makeOwn(repository, facts);
}

async function makeOwn(repository: string, facts: MaybeFacts): Promise<void> {
  await makeLinked(ownDirectory(repository), { links: OWN_LINKS, files: { config: ownConfig(facts), HEAD } });
}

/**
 * What was noted of a repository, or else, as in one that 0.1.0 made, what its configuration says; undefined when it is no
 * repository of kugetsu's. No git is started, and a broken configuration does not keep it from what can be read.
 */
export async function ownFacts(repository: string): Promise<OwnFacts | undefined> {
  for (const path of [join(ownDirectory(repository), 'config'), join(repository, 'config')]) {
    const text = (await plainText(path)) ?? '';
    const source = valueIn(text, 'kugetsu', 'source');
    if (source !== undefined && source !== '') return { ...factsIn(text), source };
  }
  return undefined;
}

/** What git has written of a repository that it has just cloned. */
export async function clonedFacts(repository: string): Promise<Omit<OwnFacts, 'source'>> {
  return factsIn((await plainText(join(repository, 'config'))) ?? '');
}

function factsIn(text: string): Omit<OwnFacts, 'source'> {
  const filesystem = FILESYSTEM.map((name) => [`core.${name}`, valueIn(text, 'core', name.toLowerCase())] as const);
  return {
    url: valueIn(text, 'remote.origin', 'url') ?? '',
    objectFormat: valueIn(text, 'extensions', 'objectformat') === 'sha256' ? 'sha256' : 'sha1',
    filesystem: filesystem.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  };
}

/** What git writes of a filesystem when it clones into it. */
const FILESYSTEM = ['fileMode', 'symlinks', 'ignoreCase', 'precomposeUnicode'];

/** The settings without which git would misread a repository; gitrepository-layout(5), git's repository-version. */
export function formatConfig(objectFormat: OwnFacts['objectFormat']): Config {
  if (objectFormat === 'sha1') return [['core.repositoryformatversion', '0']];
  return [
    ['core.repositoryformatversion', '1'],
    ['extensions.objectformat', objectFormat],
  ];
}

/** The settings with which a repository follows its remote. */
export function remoteConfig(url: string): Config {
  return [
    ['remote.origin.url', url],
    ['remote.origin.fetch', REFSPEC],
  ];
}

/** What the configuration of kugetsu's own git says of a repository. */
export function ownConfigFor(facts: OwnFacts): string {
  return ownConfig(facts);
}

type MaybeFacts = Omit<OwnFacts, 'source'> & { readonly source: string | undefined };

function ownConfig({ objectFormat, filesystem, url, source }: MaybeFacts): string {
  return configText([
    ...formatConfig(objectFormat),
    ...filesystem,
    ['core.bare', 'true'],
    ['core.logAllRefUpdates', 'false'],
    ...remoteConfig(url),
    ...(source === undefined ? [] : [['kugetsu.source', source] as const]),
  ]);
}

async function isFile(path: string): Promise<boolean> {
  return seenAtOnce(path)?.isFile() === true;
}
