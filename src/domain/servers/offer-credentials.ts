import { credentialEnvironment, type GitCredential } from '../../adapters/git/credential-environment.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import type { RunAgent } from '../agent-env/agents.ts';
import type { Context } from '../context.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import { chooseCredentials, nearestAbove, tokenPlaces, type Variables } from './choose-credentials.ts';
import { findCloneSource } from './clone-url.ts';
import { readServers, type Servers } from './servers-file.ts';

type Needs = Pick<Context, 'home' | 'env'>;

interface Purpose {
  /** Whose variables are looked through for tokens. */
  readonly agent: RunAgent;
  /** The issue whose repository may have credentials of its own in repos.json. */
  readonly ref: IssueRef | undefined;
  /** The environment that git would have without this; its configuration is kept. */
  readonly inherited?: Variables;
}

/** What git is given to find credentials. */
interface Offer {
  readonly credentials: Variables;
  /** What to do when they are refused, or missing. */
  readonly accessHint: string | undefined;
}

const LOGIN = 'KUGETSU_CREDENTIAL_LOGIN';
const PASSWORD = 'KUGETSU_CREDENTIAL_PASSWORD';

/**
 * The tokens of the agent's variables, and after them of kugetsu's own environment, for git: each for its server and
 * nothing else. What stood in the repository's clone URL comes before them.
 *
 * @throws AppError `corrupt_file`, `bad_env_file`
 */
export async function offerCredentials(context: Needs, { agent, ref, inherited = {} }: Purpose): Promise<Offer> {
  const servers = await readServers(context);
  const variables = { ...context.env, ...(await readAgentVariables(context, agent)) };
  const chosen = chooseCredentials(servers, variables);
  const source = ref === undefined ? undefined : await findCloneSource(context, ref);
  const { url = '', login, password } = source ?? {};
  const token = nearestAbove(chosen, url);
  const own: GitCredential[] =
    login === undefined
      ? []
      : [
          {
            url,
            user: { variable: LOGIN },
            variable: password === undefined && token !== undefined ? token.variable : PASSWORD,
          },
        ];
  const credentials = [...chosen, ...own];
  return {
    credentials: {
      ...Object.fromEntries(chosen.map(({ variable }) => [variable, variables[variable]])),
      ...lfsSettings(variables),
      // Undefined takes away what a run has from the one that started it.
      [LOGIN]: login,
      [PASSWORD]: login === undefined ? undefined : (password ?? ''),
      ...credentialEnvironment(credentials, inherited),
    },
    accessHint: own.length > 0 ? 'correct the credentials in its URL in repos.json' : hintFor(url, { servers, token }),
  };
}

/** What the agents' git-lfs is told, kugetsu's is told, too: that files are to stay pointers, for example. */
function lfsSettings(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([key]) => key.startsWith('GIT_LFS_')));
}

function hintFor(
  url: string,
  { servers, token }: { readonly servers: Servers; readonly token: GitCredential | undefined },
): string | undefined {
  if (token !== undefined)
    return `${token.variable} was refused; to set another one, run: kugetsu env set ${token.variable} -`;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  const key = nearestAbove(tokenPlaces(servers), url)?.keys[0];
  const { host, origin } = new URL(url);
  if (key !== undefined) return `no token is set for ${host}; to set one, run: kugetsu env set ${key} -`;
  return `to set a token for ${host}, run: kugetsu server add NAME ${origin}; then run: kugetsu env set NAME_TOKEN -`;
}
