/** A web address, and the user and password that were in it; undefined when there were none. */
interface SplitUrl {
  readonly url: string;
  readonly login: string | undefined;
  readonly password: string | undefined;
}

/** Takes the credentials out of a web address; every other URL stays as it is. */
export function splitCredentials(url: string): SplitUrl {
  const clean = url.replace(/^(https?:\/\/)[^/?#]*@/i, '$1');
  if (clean === url || !URL.canParse(url)) return { url: clean, login: undefined, password: undefined };
  const { username, password } = new URL(url);
  return { url: clean, login: decoded(username), password: password === '' ? undefined : decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Whether two clone URLs are those of one repository, as far as that shows: `git@host:a/b.git` and `https://host/a/b` are.
 * Which protocol, user and port lead there says nothing.
 */
export function isSameRepository(a: string, b: string): boolean {
  return placeOf(a) === placeOf(b);
}

/** Where a repository or a server is, whichever protocol, user and port lead there: the same text for the same place. */
export function placeOf(url: string): string {
  const short = /^(?:[^/@:]+@)?([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)\/?(.*)$/.exec(url);
  const long = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/:]*)(?::\d+)?\/+(.*)$/i.exec(url);
  const [, host = '', path = url] = long ?? short ?? [];
  const plain = path
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
    .replace(/\/+$/, '')
    .replace(/^\/+/, '');
  return `${host.toLowerCase()}/${plain}`;
}

/** A URL, with or without its scheme, of which only the host is shown, because its path and login are the key to it; any other text as it is. */
export function hostAlone(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?(?:[^/?#]*@)?([^/?#]*)[/?#].+$/is, '$1$2/[redacted]');
}
