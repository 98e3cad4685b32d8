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
