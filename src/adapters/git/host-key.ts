import { shellQuote } from '../../util/text.ts';
import { tryGit, type Environment } from './git-command.ts';
import type { GitPlace } from './git-place.ts';

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
export async function unknownHostKey(url: string, stderr: string, place: GitPlace): Promise<HostKey | undefined> {
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
