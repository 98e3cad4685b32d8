import { basename, dirname, isAbsolute, join } from 'node:path';
import { realpath, stat } from 'node:fs/promises';
import { AppError } from '../../util/errors.ts';
import { pasteQuote, plainText } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import { isAtLeast } from '../../util/versions.ts';
import { said, words } from '../../util/words.ts';
import { type CommandResult, runCommand } from '../process/run-command.ts';
import { leadsToDirectory } from '../store/paths.ts';
import { gitEnvironment, PINNED_SETTINGS } from './git-environment.ts';
import { ensureOwnDirectory } from './own-directory.ts';

/** The variables of a process, from which git gets those that do not redirect it. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface GitOptions {
  /** A work tree, or a bare repository. */
  readonly cwd: string;
  readonly env: Environment;
  readonly extraEnv?: Environment;
  readonly timeoutMs?: number;
  readonly input?: string;
  /** Called with what git writes to standard error, as it comes. */
  readonly onStderr?: ((text: string) => void) | undefined;
  /** The bare repository for which kugetsu's own git directory has to be there. */
  readonly own?: string;
  /** Whether it may reach another repository; without, git does not, whatever it is configured to. */
  readonly network?: boolean;
}

const LOCAL_TIMEOUT_MS = 10 * 60_000;
/** The longest that a transfer from another machine may take. */
export const TRANSFER_TIMEOUT_MS = 60 * 60_000;

const PINNED = PINNED_SETTINGS.flatMap((setting) => ['-c', setting]);

/**
 * Runs git without hooks, prompts or inherited redirections; the result says how it ended. It takes the git directory that
 * is named to it (`GIT_DIR`), or one that is in `cwd` itself, and never goes up to look for one.
 */
export async function tryGit(args: readonly string[], options: GitOptions): Promise<CommandResult> {
  if (options.own !== undefined) await ensureOwnDirectory(options.own);
  const result = await runCommand({
    command: 'git',
    args: [...PINNED, ...args],
    cwd: options.cwd,
    env: {
      ...gitEnvironment(options.env),
      GIT_CEILING_DIRECTORIES: dirname(options.cwd),
      ...(options.network === true ? {} : NO_TRANSPORT),
      ...options.extraEnv,
    },
    timeoutMs: options.timeoutMs ?? LOCAL_TIMEOUT_MS,
    onStderr: options.onStderr,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (result.startError !== undefined) {
    // Where a program is to be started in a directory that is gone, the system names neither.
    if (!(await leadsToDirectory(options.cwd)))
      throw new AppError('git_failed', `cannot run git in ${options.cwd}: no such directory`);
    throw new AppError('git_missing', `cannot start git (${result.startError})`, {
      hint: 'install git and make sure that it is on PATH',
      exit: 3,
    });
  }
  return result;
}

/**
 * Runs git and gives its standard output.
 *
 * @throws AppError `git_failed` with git's own reason in one line
 */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const result = await tryGit(args, options);
  if (result.exitCode === 0) return result.stdout;
  throw await gitFailure(args, options, result);
}

/** The failure of a call of git that has ended, with git's own reason in one line. */
export async function gitFailure(
  args: readonly string[],
  { cwd, timeoutMs = LOCAL_TIMEOUT_MS }: Pick<GitOptions, 'cwd' | 'timeoutMs'>,
  { stderr, timedOut }: Pick<CommandResult, 'stderr' | 'timedOut'>,
): Promise<AppError> {
  const lock = timedOut ? undefined : await leftLock(stderr);
  const reason = timedOut ? `timed out after ${formatDuration(timeoutMs)}` : (lock?.says ?? said(fatalLine(stderr)));
  // Settings come before the name of the command.
  const name = args.find((arg, index) => arg !== '-c' && args[index - 1] !== '-c') ?? '';
  return new AppError('git_failed', words`git ${name} failed in ${cwd}: ${reason}`, {
    details: plainText(stderr),
    ...(lock === undefined ? {} : { hint: lock.hint }),
  });
}

/**
 * The line in which git says why, without its `fatal:`, and with what follows it when it ends in a colon; it may hold a
 * secret, and is not cut to size.
 */
export function fatalLine(stderr: string): string {
  const lines = plainText(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const first = lines.findIndex((line) => /^(?:fatal|error):/.test(line));
  const fatal = lines.at(first) ?? 'no reason given';
  // What a line announces comes after it.
  const rest = first !== -1 && fatal.endsWith(':') ? lines.slice(first + 1, first + 4) : [];
  return [fatal.replace(/^(?:fatal|error): /, ''), ...rest].join(' ');
}

// A list of protocols with none in it: objects that a repository says another one has are not fetched on the way.
const NO_TRANSPORT: Environment = { GIT_ALLOW_PROTOCOL: 'none' };

/** The oldest git that the tests are played with, Ubuntu 22.04's; one before 2.31 could not be given credentials. */
const MINIMUM_GIT = '2.34.0';

/**
 * The version of the git on PATH.
 *
 * @throws AppError `git_missing` or `git_too_old`
 */
export async function gitVersion(cwd: string, env: Environment): Promise<string> {
  const { stdout } = await tryGit(['--version'], { cwd, env });
  const version = /(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
  if (version !== undefined && isAtLeast(version, MINIMUM_GIT)) return version;
  throw new AppError('git_too_old', `git ${version ?? 'of an unknown version'} is older than ${MINIMUM_GIT}`, {
    hint: `install git ${MINIMUM_GIT} or newer, and put it first on PATH`,
    exit: 3,
  });
}

/** A lock of git's in the way of another git. */
interface LeftLock {
  readonly says: string;
  readonly hint: string;
}

/** What git's message, in the C locale, says of a lock that was in its way; undefined when none was. */
export async function leftLock(stderr: string): Promise<LeftLock | undefined> {
  const path = lockNamedIn(stderr);
  if (path === undefined) return undefined;
  // git names it by the directory that kugetsu lent it, which is gone when this is read.
  const real = join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
  const made = (await stat(real).catch(() => undefined))?.mtimeMs;
  const age = made === undefined ? '' : ` (${formatDuration(Math.max(0, Date.now() - made))} old)`;
  return {
    says: `the lock ${real}${age} is in the way: a killed git left it, or a git is still running`,
    hint: `if no git is running there, run: rm ${pasteQuote(real)}`,
  };
}

/** The lock's absolute path, as git names it. */
export function lockNamedIn(stderr: string): string | undefined {
  const [, lock] = /Unable to create '([^\n]+\.lock)': File exists/i.exec(stderr) ?? [];
  const [, config] = /could not lock config file ([^\n]+): File exists/i.exec(stderr) ?? [];
  const path = lock ?? (config === undefined ? undefined : `${config}.lock`);
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
