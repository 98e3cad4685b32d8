import { join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { isAtLeast } from '../../util/versions.ts';
import { readTextIfExists, replaceFile } from '../store/private-files.ts';
import { configEntries, configEnvironment, type ConfigEntry } from './config-forms.ts';
import { tryGit, type Environment } from './git-command.ts';
import { CHECK_PUSH, HAND_ON } from './push-guard-scripts.ts';

// Worktrees of a repository share its refs, so `git push --all` from one would publish the branches of all issues, and
// `--mirror` what kugetsu has rescued, too, and remove the rest of the remote. git has no setting against that; a hook has.

/** git-hook(1): from this version on hooks can be named in the configuration, beside those that a user has. */
const CONFIGURED_HOOKS = '2.54.0';

// githooks(5), those that git runs for who works in a worktree. Where `core.hooksPath` is set to reach one, the others must be
// handed on. What git runs for each ref and each index is left out: it would slow down every command.
const CLIENT_HOOKS = [
  'applypatch-msg',
  'commit-msg',
  'post-applypatch',
  'post-checkout',
  'post-commit',
  'post-merge',
  'post-rewrite',
  'pre-applypatch',
  'pre-auto-gc',
  'pre-commit',
  'pre-merge-commit',
  'pre-push',
  'pre-rebase',
  'prepare-commit-msg',
  'sendemail-validate',
];

interface PushGuard {
  /** The directory for the hooks, which is kugetsu's own. */
  readonly directory: string;
  /** The directory of the repositories whose worktrees are guarded. */
  readonly repositories: string;
  /** The branch of the issue. */
  readonly branch: string;
  /** How the branches of the repository's issues begin. */
  readonly prefixes: readonly string[];
  /** The environment that the agent's git would have without this; its configuration is kept. */
  readonly inherited: Environment;
}

/**
 * Variables with which an agent's git refuses to push from a worktree what is not the issue's: branches of other issues,
 * what kugetsu keeps, stashes. A plain `git push` publishes the branch that it is on. The user's own hooks run as before.
 */
export async function pushGuard({
  directory,
  repositories,
  branch,
  prefixes,
  inherited,
}: PushGuard): Promise<Environment> {
  const check = join(directory, 'check-push');
  const hooks = join(directory, 'hooks');
  await writeScript(check, CHECK_PUSH);
  const configured = await knowsConfiguredHooks(directory, inherited);
  if (!configured) for (const name of CLIENT_HOOKS) await writeScript(join(hooks, name), HAND_ON);
  const own: readonly ConfigEntry[] = [
    { key: 'push.default', value: 'current' },
    { key: 'hook.kugetsu.event', value: 'pre-push' },
    { key: 'hook.kugetsu.command', value: '"$KUGETSU_CHECK_PUSH"' },
    { key: 'core.hooksPath', value: hooks },
  ];
  const before = configEntries(inherited).filter((entry) => !own.some((each) => isSame(each, entry)));
  const added = own.filter(({ key }) => key === 'push.default' || key.startsWith('hook.') === configured);
  return {
    ...configEnvironment([...before, ...added], inherited),
    KUGETSU_CHECK_PUSH: check,
    KUGETSU_GIT_CONFIG_COUNT: String(before.length),
    KUGETSU_REPOSITORIES: repositories,
    KUGETSU_BRANCH: branch,
    // No prefix has a space.
    KUGETSU_BRANCH_PREFIXES: prefixes.join(' '),
  };
}

/** False, too, for an agent whose PATH has no git: it learns that elsewhere. */
async function knowsConfiguredHooks(cwd: string, env: Environment): Promise<boolean> {
  try {
    const { stdout } = await tryGit(['--version'], { cwd, env });
    const version = /(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
    return version !== undefined && isAtLeast(version, CONFIGURED_HOOKS);
  } catch (error) {
    if (error instanceof AppError && error.code === 'git_missing') return false;
    throw error;
  }
}

function isSame(one: ConfigEntry, other: ConfigEntry): boolean {
  return one.key.toLowerCase() === other.key.toLowerCase() && one.value === other.value;
}

async function writeScript(path: string, text: string): Promise<void> {
  if ((await readTextIfExists(path)) === text) return;
  await replaceFile(path, text, 0o700);
}
