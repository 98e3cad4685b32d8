import { shellQuote } from '../../util/text.ts';
import { configEntries, configEnvironment, type ConfigEntry } from './config-forms.ts';
import type { Environment } from './git-command.ts';

/** A user and a password or token for one web address. */
export interface GitCredential {
  /** Scheme, host, port and path: git asks for what lies below it, and for nothing else. */
  readonly url: string;
  /** The user's name, or the variable that has it. */
  readonly user: { readonly name: string } | { readonly variable: string };
  /** The environment variable that has the password or token. */
  readonly variable: string;
}

// The name tells these helpers from a user's own.
const OWN_HELPER = '!kugetsu_credential()';

/**
 * Variables with which git finds these credentials, put behind the configuration that `inherited` gives git in the same
 * way. What an earlier call has put there goes. The secrets themselves are not among them: git's shell reads them from the
 * variables that the credentials name, so that they are on no command line. For these addresses no other helper is asked,
 * or told to remember.
 */
export function credentialEnvironment(credentials: readonly GitCredential[], inherited: Environment): Environment {
  const before = configEntries(inherited);
  const entries = [
    ...before.filter((entry) => !isOwn(entry, before)),
    ...credentials.flatMap((credential) => configOf(credential)),
  ];
  return configEnvironment(entries, inherited);
}

function isOwn({ key, value }: ConfigEntry, all: readonly ConfigEntry[]): boolean {
  const [, url] = /^credential\.(.*)\.useHttpPath$/.exec(key) ?? [];
  const helper = url === undefined ? key : helperKey(url);
  const ours = (entry: ConfigEntry): boolean => entry.key === helper && entry.value.startsWith(OWN_HELPER);
  return url !== undefined || value === '' ? all.some(ours) : ours({ key, value });
}

function hasPath(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname !== '/';
}

const helperKey = (url: string): string => `credential.${url}.helper`;
const pathKey = (url: string): string => `credential.${url}.useHttpPath`;

function configOf({ url, user, variable }: GitCredential): ConfigEntry[] {
  const name = 'name' in user ? shellQuote(user.name) : `"$${user.variable}"`;
  const answer = `printf 'username=%s\\npassword=%s\\n' ${name} "$${variable}"`;
  const key = helperKey(url);
  return [
    // An empty one removes the helpers before it, which git would tell to store the token.
    { key, value: '' },
    { key, value: `${OWN_HELPER} { if test "$1" = get; then ${answer}; fi; }; kugetsu_credential` },
    // Only then does git-lfs say for which path it asks; without one it is not below the address.
    ...(hasPath(url) ? [{ key: pathKey(url), value: 'true' }] : []),
  ];
}
