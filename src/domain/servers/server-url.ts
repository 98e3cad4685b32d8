import { usageError } from '../../util/errors.ts';
import { quoted, words, type Said } from '../../util/words.ts';

const WEB = /^https?:\/\//i;
const SSH = /^ssh:\/\//i;
const FILE = /^(?:file:\/\/)?\//i;
// git's short form of ssh: user@host:path.
const SHORT_SSH = /^(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)(\S*)$/;

const FORMS = 'use https://HOST, http://HOST:PORT/PREFIX, ssh://git@HOST, git@HOST: or an absolute path';

/**
 * The address of a git server as it is kept: `owner/repo.git` is put behind it. Web addresses, ssh in both of its forms,
 * and directories; no credentials, query or fragment.
 *
 * @throws AppError usage (exit code 2) that says what it cannot be
 */
export function checkedServerUrl(text: string): string {
  const shown = quoted(withoutUser(text), 100);
  // oxlint-disable-next-line no-control-regex
  if (text === '' || text.startsWith('-') || /[\s\u0000-\u001F\u007F\\]/.test(text)) throw notAServer(shown, FORMS);
  if (FILE.test(text) || isShortSsh(text)) return trimmed(text);
  if (!(WEB.test(text) || SSH.test(text)) || !URL.canParse(text)) throw notAServer(shown, FORMS);
  const { hostname, username, password, search, hash } = new URL(text);
  if (!/^[[A-Za-z0-9]/.test(hostname) || search !== '' || hash !== '') throw notAServer(shown, FORMS);
  if (password === '' && (username === '' || SSH.test(text))) return trimmed(text);
  throw usageError(
    words`${shown} has credentials in it, and they do not belong in a URL`,
    'leave them out; to set the token, run: kugetsu env set NAME_TOKEN - (NAME is the name of the server)',
  );
}

/** Whether a token for this address could be read on its way: http to another machine. */
export function isReadableOnTheWay(url: string): boolean {
  return /^http:\/\//i.test(url) && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

/** The host of a clone URL or a server's URL, in lower case; undefined when it has none. */
export function hostOf(url: string): string | undefined {
  if (WEB.test(url) || SSH.test(url)) return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : undefined;
  return SHORT_SSH.exec(url)?.[1]?.toLowerCase();
}

/** The clone URL of `owner/repo` on a server. */
export function repositoryUrl(server: string, owner: string, repo: string): string {
  const root = trimmed(server);
  const separator = root.endsWith('/') || SHORT_SSH.exec(root)?.[2] === '' ? '' : '/';
  return `${root}${separator}${owner}/${repo}.git`;
}

// Without a user it is more likely a web address without its scheme.
function isShortSsh(text: string): boolean {
  return /^[A-Za-z0-9._-]+@/.test(text) && SHORT_SSH.test(text);
}

function trimmed(url: string): string {
  return url.replace(/(?<=[^/])\/+$/, '');
}

function withoutUser(url: string): string {
  return url.replace(/^([a-z]+:\/*)?.*@/is, '$1');
}

function notAServer(shown: Said, hint: string): Error {
  return usageError(words`not a git server URL: ${shown}`, hint);
}
