import { AppError } from '../../util/errors.ts';
import { plainText } from '../../util/text.ts';
import { said, words } from '../../util/words.ts';
import { runCommand, type CommandResult } from '../process/run-command.ts';

/** The variables of a process, from which git gets those that do not redirect it. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface GitOptions {
  /** A work tree, or a bare repository. */
  readonly cwd: string;
  readonly env: Environment;
  readonly extraEnv?: Environment;
  readonly timeoutMs?: number;
  readonly input?: string;
  /** Whether it may reach another repository; without, git does not, whatever it is configured to. */
  readonly network?: boolean;
}

const LOCAL_TIMEOUT_MS = 10 * 60_000;
/** The longest that a transfer from another machine may take. */
export const TRANSFER_TIMEOUT_MS = 60 * 60_000;

// kugetsu's own git never runs a hook, a file system monitor or a command for a URL, never asks, leaves submodules alone,
// and gives up on a transfer that has stood still for a minute.
const SAFE_CONFIG = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'protocol.ext.allow=never',
  '-c',
  'submodule.recurse=false',
  '-c',
  'http.lowSpeedLimit=1',
  '-c',
  'http.lowSpeedTime=60',
  '-c',
  'gc.auto=0',
  '-c',
  'maintenance.auto=false',
] as const;

/** Runs git without hooks, prompts or inherited redirections; the result says how it ended. */
export async function tryGit(args: readonly string[], options: GitOptions): Promise<CommandResult> {
  const result = await runCommand({
    command: 'git',
    args: [...SAFE_CONFIG, ...args],
    cwd: options.cwd,
    env: { ...gitEnvironment(options.env), ...(options.network === true ? {} : NO_TRANSPORT), ...options.extraEnv },
    timeoutMs: options.timeoutMs ?? LOCAL_TIMEOUT_MS,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (result.startError !== undefined) {
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
  throw gitFailure(args, options, result);
}

/** The failure of a call of git that has ended, with git's own reason in one line. */
export function gitFailure(
  args: readonly string[],
  { cwd }: Pick<GitOptions, 'cwd'>,
  { stderr, timedOut }: Pick<CommandResult, 'stderr' | 'timedOut'>,
): AppError {
  const reason = timedOut ? 'no end within the time limit' : said(fatalLine(stderr));
  // Settings come before the name of the command.
  const name = args.find((arg, index) => arg !== '-c' && args[index - 1] !== '-c') ?? '';
  return new AppError('git_failed', words`git ${name} failed in ${cwd}: ${reason}`, {
    details: plainText(stderr),
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

function gitEnvironment(env: Environment): Environment {
  const kept = Object.entries(env).filter(([key]) => !key.startsWith('GIT_') || INHERITED.has(key));
  return { ...Object.fromEntries(kept), ...NEVER_ASK, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
}

// A list of protocols with none in it: objects that a repository says another one has are not fetched on the way.
const NO_TRANSPORT: Environment = { GIT_ALLOW_PROTOCOL: 'none' };

// An empty GIT_ASKPASS also keeps git from core.askPass and SSH_ASKPASS (git-config(1), core.askPass).
const NEVER_ASK: Environment = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  SSH_ASKPASS: undefined,
  SSH_ASKPASS_REQUIRE: 'never',
};

// What a user sets to reach a server or to sign; everything else with GIT_ points git at another repository or index.
const INHERITED = new Set([
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSL_CAINFO',
  'GIT_SSL_NO_VERIFY',
  'GIT_PROXY_COMMAND',
  'GIT_ALLOW_PROTOCOL',
  'GIT_EXEC_PATH',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
]);
