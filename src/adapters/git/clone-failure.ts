import type { ErrorCode } from '../../util/error-codes.ts';
import { AppError } from '../../util/errors.ts';
import { pasteQuote, shellQuote } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import { said, words } from '../../util/words.ts';
import { type Environment, fatalLine, leftLock, TRANSFER_TIMEOUT_MS, tryGit } from './git-command.ts';
import type { GitPlace } from './git-place.ts';

/** What git, or a program that it runs, says when something is wrong, and what kugetsu says of it. */
export interface Reason {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
}

const NO_ACCESS = 'repository_no_access';

// The words are git's and ssh's own, in the C locale.
const REASONS: readonly Reason[] = [
  {
    pattern: /detected dubious ownership|unsafe repository \(/i,
    code: 'repository_not_owned',
    says: 'it belongs to another user, and git reads it only if you say that you trust it',
    hint: 'if you trust it, run: git config --global --add safe.directory PATH',
  },
  {
    pattern: /could not create|cannot (?:mkdir|create)|unable to create|No space left|Read-only file system/i,
    code: 'repository_not_written',
    says: 'kugetsu cannot write its copy',
    hint: 'check the disk and the file modes of repos/ in the home',
  },
  {
    pattern:
      /could not read Username|Authentication failed|Permission denied|Host key verification failed|HTTP Basic|error: 40[13]/i,
    code: NO_ACCESS,
    says: 'no access',
    hint: 'check that the credentials for this server work: git ls-remote must answer without asking anything',
  },
  {
    pattern:
      /Could not resolve host|Connection refused|Connection timed out|Network is unreachable|No route to host|Failed to connect|Operation too slow|unable to access/i,
    code: 'repository_unreachable',
    says: 'the server cannot be reached',
    hint: 'check the network and the host name; repos.json or a server entry can name another URL',
  },
  {
    pattern: /not found|does not exist|does not appear to be a git repository|No such file or directory|access rights/i,
    code: 'repository_not_found',
    says: 'there is no such repository, or it is not visible to you',
    hint: 'check the issue ref; if the repository lives elsewhere, map host/owner/repo to its URL in repos.json',
  },
];

/** A clone or a fetch that failed. */
interface FailedTransfer {
  readonly verb: 'clone' | 'fetch';
  /** It is printed without its credentials. */
  readonly url: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** What to do when the server wants other credentials, if it is known. */
  readonly accessHint?: string | undefined;
  /** What was found out about the failure beyond git's words. */
  readonly known?: KnownCause | undefined;
}

/** The failure of a clone or a fetch as one clear line with the reason. */
export function remoteFailure({ verb, url, stderr, timedOut, accessHint, known }: FailedTransfer): AppError {
  // "unable to access … The requested URL returned error: 404" is a missing repository, not a missing network.
  const text = /returned error: 404/.test(stderr) ? 'not found' : stderr;
  const reason = timedOut ? undefined : (known ?? REASONS.find(({ pattern }) => pattern.test(text)));
  const says = timedOut
    ? `timed out after ${formatDuration(TRANSFER_TIMEOUT_MS)}`
    : (reason?.says ?? said(withoutCredentials(fatalLine(stderr))));
  return new AppError(reason?.code ?? 'repository_failed', words`cannot ${verb} ${withoutCredentials(url)}: ${says}`, {
    hint:
      (reason?.code === NO_ACCESS && known === undefined ? accessHint : undefined) ??
      trustCommand(stderr) ??
      reason?.hint ??
      `run: git ls-remote ${pasteQuote(withoutCredentials(url))}`,
    details: withoutCredentials(stderr),
  });
}

/** The command with which git says that another user's repository is to be trusted. */
function trustCommand(stderr: string): string | undefined {
  const command = /^\s*(git config --global --add safe\.directory \S.*)$/m.exec(stderr)?.[1];
  return command === undefined ? undefined : `if you trust it, run: ${command}`;
}

/** A text in which no URL has anything before the `@` of its authority. */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s'"]*@/gi, '$1');
}

/** Why a clone or a fetch failed, as far as it was found out beyond git's words. */
export interface KnownCause {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
}

/** Looks into a failure of a transfer, where that needs more than git's words. */
export async function causeOf(url: string, stderr: string, place: GitPlace): Promise<KnownCause | undefined> {
  const lock = await leftLock(stderr);
  if (lock !== undefined) return { code: 'repository_locked', ...lock };
  const key = await unknownHostKey(url, stderr, place);
  return key === undefined ? undefined : { code: 'host_key_unknown', ...key };
}

/** What ssh tells of a server whose key is not known, or another one than before. */
interface HostKey {
  readonly says: string;
  readonly hint: string;
}

const REFUSED = /Host key verification failed/;
const ASK_TIMEOUT_MS = 60_000;

/**
 * Which key the server at `url` shows when ssh does not know it, and the command that accepts it; undefined when that is
 * not why git failed. ssh says so only when it is asked to be verbose, so the server is asked once more.
 */
async function unknownHostKey(url: string, stderr: string, place: GitPlace): Promise<HostKey | undefined> {
  if (!REFUSED.test(stderr)) return undefined;
  const where = await sshAddress(url, place);
  const command = await sshCommand(place);
  if (where === undefined || command === undefined) return undefined;
  const verbose = `${command} -v -o StrictHostKeyChecking=yes`;
  const extraEnv: Environment = { ...place.extraEnv, GIT_SSH_COMMAND: verbose, GIT_SSH_VARIANT: 'ssh' };
  const asked = await tryGit(['ls-remote', url], { ...place, extraEnv, timeoutMs: ASK_TIMEOUT_MS, network: true });
  const [, type, print] = /Server host key: (\S+) (SHA256:\S+)/.exec(asked.stderr) ?? [];
  if (type === undefined || print === undefined) return undefined;
  const key = `${type.replace(/^ssh-/, '')} ${print}`;
  // Another program may be given a password there.
  const shown = /^(?:\S*\/)?ssh(?:\s|$)/.test(command) ? command : 'ssh';
  const accept = `${shown} -T -o StrictHostKeyChecking=accept-new ${where.options}`;
  if (!/IDENTIFICATION HAS CHANGED/.test(asked.stderr)) {
    return {
      says: `ssh does not know the host key of ${where.host} (${key})`,
      hint: `if that is the server's key, run: ${accept}`,
    };
  }
  const old = /ssh-keygen (?:-f '?[^'\n]+'? )?-R '?([^'\s]+)'?/.exec(asked.stderr)?.[1] ?? where.host;
  return {
    says: `the host key of ${where.host} (${key}) is not the one that ssh knows: it was renewed, or this is another machine`,
    hint: `if that is the server's key, run: ssh-keygen -R ${shellQuote(old)} && ${accept}`,
  };
}

interface SshAddress {
  readonly host: string;
  /** How ssh is called to get there. */
  readonly options: string;
}

/** Where git goes for a URL: `url.<base>.insteadOf` may say another one. */
async function sshAddress(url: string, place: GitPlace): Promise<SshAddress | undefined> {
  const told = await tryGit(['ls-remote', '--get-url', url], place);
  return told.exitCode === 0 ? parseSshUrl(told.stdout.trim()) : undefined;
}

/** The address of `ssh://user@host:port/path` or `user@host:path`, git-clone(1), "GIT URLS". */
export function parseSshUrl(url: string): SshAddress | undefined {
  const [, user, bracketed, plain, port] =
    /^(?:git\+)?ssh:\/\/(?:([^@/]+)@)?(?:\[([^\]]+)\]|([^:/]+))(?::(\d+))?(?:\/|$)/i.exec(url) ??
    /^(?:([^@/:]+)@)?(?:\[([^\]]+)\]|([^:/]+)):(?!\/\/)/.exec(url) ??
    [];
  const host = bracketed ?? plain;
  if (host === undefined) return undefined;
  const target = shellQuote(user === undefined ? host : `${user}@${host}`);
  return { host, options: port === undefined ? target : `-p ${port} ${target}` };
}

/** OpenSSH as the user has it called; undefined for another program. */
async function sshCommand({ env, cwd, extraEnv }: GitPlace): Promise<string | undefined> {
  const { GIT_SSH_COMMAND: command, GIT_SSH: program, GIT_SSH_VARIANT: variant } = env;
  if (variant !== undefined && variant !== 'ssh' && variant !== 'auto') return undefined;
  if (command !== undefined && command !== '') return command;
  const set = await tryGit(['config', '--get', 'core.sshCommand'], { cwd, env, ...(extraEnv && { extraEnv }) });
  if (set.exitCode === 0) return set.stdout.trim();
  return program === undefined || program === '' ? 'ssh' : shellQuote(program);
}
