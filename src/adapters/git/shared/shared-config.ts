import { join } from 'node:path';
import { writeFile } from '../../store/changes.ts';
import { removeDirectory, replaceFile } from '../../store/private-files.ts';
import { configText, type Config } from '../config-forms.ts';
import { tryGit, type Environment } from '../git-command.ts';
import { exists } from '../../store/paths.ts';
import { formatConfig, ownFacts, remoteConfig, type OwnFacts } from '../own-directory.ts';
import { plainText } from '../plain-file.ts';
import { type Deviation, setAside } from './set-aside.ts';

// What an agent's own git notes about a branch of its own; git-config(1), branch.<name>.
const OF_BRANCH = /^branch\.(.+)\.(?:remote|pushremote|merge|rebase|description)$/;
const IDENTITY = new Set(['user.name', 'user.email']);
// git-lfs notes how a server is to be asked; git-submodule(1) that a submodule is wanted.
const HARMLESS = /^(?:lfs\.repositoryformatversion|lfs\..+\.access|submodule\..+\.active)$/;

// What `git lfs install` writes, also with --skip-smudge: without it the agent at work would commit the files themselves.
const OF_LFS: ReadonlySet<string> = new Set([
  'filter.lfs.clean git-lfs clean -- %f',
  'filter.lfs.smudge git-lfs smudge -- %f',
  'filter.lfs.smudge git-lfs smudge --skip -- %f',
  'filter.lfs.process git-lfs filter-process',
  'filter.lfs.process git-lfs filter-process --skip',
  'filter.lfs.required true',
]);

// Each worktree may have settings of its own, and the repository itself, which is bare, has its: git-worktree(1),
// "CONFIGURATION FILE".
const OF_WORKTREES: Config = [['extensions.worktreeConfig', 'true']];
const OF_BARE: Config = [['core.bare', 'true']];

interface Options {
  readonly env: Environment;
  /** The local branches, by their names. */
  readonly branches: ReadonlySet<string>;
}

/**
 * The settings that the git of every agent reads, besides the user's own, and that kugetsu has not made. What an agent's git
 * notes about its own branch stays, and so does who commits, which is told.
 */
export async function configDeviations(repository: string, options: Options): Promise<Deviation[]> {
  const facts = await ownFacts(repository);
  if (facts === undefined) return [];
  const [shared, bare] = [join(repository, 'config'), join(repository, 'config.worktree')];
  const wanted = wantedOf(facts);
  const entries = await entriesOf(shared, wanted, options.env);
  const kept = (entries ?? []).filter((entry) => mayStay(entry, options.branches));
  const odd = entries === undefined ? undefined : difference(entries, [...wanted, ...kept]);
  const deviations: Deviation[] = [];
  if (odd === undefined || odd.length > 0) {
    // As a first start, and 0.1.0, have left it.
    const quiet = odd?.every((key) => key === 'core.bare' || key === 'extensions.worktreeconfig') ?? false;
    const what = odd === undefined ? 'config, which git cannot read' : `changed settings in config: ${odd.join(', ')}`;
    deviations.push({
      what,
      done: `restored ${what.replace(/^changed /, '').replace('cannot', 'could not')}`,
      quiet: quiet && (entries ?? []).every(([key, value]) => key !== 'core.bare' || value === 'true'),
      fix: async () => replaceSetting(repository, 'config', [...wanted, ...kept]),
    });
  }
  const own = await entriesOf(bare, OF_BARE, options.env);
  const oddOwn = own === undefined ? undefined : difference(own, OF_BARE);
  if (oddOwn === undefined || oddOwn.length > 0) {
    const what =
      oddOwn === undefined
        ? 'config.worktree, which git cannot read'
        : `changed settings in config.worktree: ${oddOwn.join(', ')}`;
    const quiet = own?.length === 0;
    deviations.push({
      what,
      done: `restored ${what.replace(/^changed /, '').replace('cannot', 'could not')}`,
      quiet,
      fix: async () => replaceSetting(repository, 'config.worktree', OF_BARE),
    });
  }
  return [...deviations, ...identityOf(kept)];
}

/** Writes the settings of a repository that was just cloned, and that nobody else knows of. */
export async function writeSharedConfig(repository: string, facts: OwnFacts): Promise<void> {
  await writeFile(join(repository, 'config'), configText(wantedOf(facts)));
  await writeFile(join(repository, 'config.worktree'), configText(OF_BARE));
}

function wantedOf({ objectFormat, filesystem, url, source }: OwnFacts): Config {
  return [
    ...formatConfig(objectFormat),
    ...filesystem,
    ...OF_WORKTREES,
    ...remoteConfig(url),
    ['kugetsu.source', source],
  ];
}

function mayStay([key, value]: Config[number], branches: ReadonlySet<string>): boolean {
  const [, branch] = OF_BRANCH.exec(key) ?? [];
  if (branch !== undefined) {
    return branches.has(branch) && (!key.endsWith('remote') || ['origin', '.'].includes(value));
  }
  return IDENTITY.has(key) || HARMLESS.test(key) || OF_LFS.has(`${key} ${value}`);
}

/** An agent that was told to say who it is has done so for all of them. */
function identityOf(kept: Config): Deviation[] {
  const said = kept.filter(([key]) => IDENTITY.has(key)).map(([key, value]) => `${key}=${value}`);
  if (said.length === 0) return [];
  const what = `a commit author that one agent set for all agents (${said.join(', ')})`;
  return [{ what, done: '' }];
}

/** The names of settings of which one of the two has other values than the other. */
function difference(entries: Config, wanted: Config): string[] {
  const lines = (config: Config): Map<string, string> => {
    const byKey = new Map<string, string>();
    for (const [key, value] of config) byKey.set(key.toLowerCase(), `${byKey.get(key.toLowerCase()) ?? ''}${value}\n`);
    return byKey;
  };
  const [have, want] = [lines(entries), lines(wanted)];
  return [...new Set([...have.keys(), ...want.keys()])].filter((key) => have.get(key) !== want.get(key));
}

/** The settings of a file without what it includes; none when it is missing, undefined when git cannot read it. */
async function entriesOf(path: string, wanted: Config, env: Environment): Promise<Config | undefined> {
  const text = await plainText(path);
  // As kugetsu writes it: git need not be asked.
  if (text !== undefined && text === configText(wanted)) return wanted;
  if (text === undefined) return (await exists(path)) ? undefined : [];
  if (text.trim() === '') return [];
  const args = ['config', '--file', path, '--no-includes', '-z', '--list'];
  const { exitCode, stdout } = await tryGit(args, { cwd: '/', env });
  if (exitCode !== 0) return undefined;
  const entries = stdout.split('\0').filter((entry) => entry !== '');
  return entries.map((entry) => {
    const end = entry.indexOf('\n');
    // A key without a value means true.
    return end === -1 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)];
  });
}

async function replaceSetting(repository: string, name: string, config: Config): Promise<void> {
  await setAside(repository, name);
  await removeDirectory(join(repository, name));
  await replaceFile(join(repository, name), configText(config));
}
