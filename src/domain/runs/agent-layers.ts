import { RUN_ID_VARIABLE } from '../../adapters/process/environment.ts';
import type { Layer, Variables } from '../../util/layers.ts';
import { AGENT_VARIABLE, type RunAgent } from '../agent-env/agents.ts';
import { isReservedVariable, NO_REDIRECTIONS, QUEUE_URL, WEBHOOK_SECRET } from '../agent-env/reserved-variables.ts';

/** Names the variables that an agent has from its env files, with commas between. */
export const AGENT_VARIABLES = 'KUGETSU_AGENT_VARIABLES';

/** What the layers of an agent's environment are made of. */
export interface LayerFacts {
  /** What kugetsu itself was called with. */
  readonly caller: Variables;
  readonly agent: RunAgent;
  /** The variables of the agent's env files. */
  readonly files: Readonly<Record<string, string>>;
  /** The name and the address under which it commits; those of git's configuration without. */
  readonly author: { readonly name: string | undefined; readonly email: string | undefined };
  /** What git needs to find credentials, given the environment that it would have without. */
  readonly credentials: (under: Variables) => Promise<Variables>;
  /** Directories of kugetsu's: its home, its programs, and where agents may keep temporary files. */
  readonly home: string;
  readonly programs: string;
  readonly temporary: string;
  /** Directories above which git is not to look for a repository. */
  readonly ceilings: readonly string[];
  /** What the run's task adds. */
  readonly task: Variables;
  /** What keeps git from pushing what is not the issue's, given the environment that it would have without. */
  readonly guard: ((under: Variables) => Promise<Variables>) | undefined;
  /** The run, with a temporary directory of its own; undefined when there is none, and somebody only looks. */
  readonly run: { readonly id: string; readonly temporary: string } | undefined;
}

/**
 * The layers of an agent's environment in order of precedence: the last wins. What an engine needs for its own program
 * comes on top of these, and names none of theirs.
 */
export const AGENT_LAYERS: readonly Layer<LayerFacts>[] = [
  { name: 'caller', variables: ({ caller }) => caller },
  { name: 'no redirection of git', variables: () => NO_REDIRECTIONS },
  { name: 'no question of git', variables: () => ({ GIT_TERMINAL_PROMPT: '0' }) },
  { name: 'author', variables: author },
  { name: 'env files', variables: ({ files }) => usable(files) },
  { name: 'credentials', variables: async ({ credentials }, under) => credentials(under) },
  { name: 'kugetsu', variables: ownVariables },
  { name: 'ceilings', variables: withCeilings },
  { name: 'task', variables: ({ task }) => task },
  { name: 'push guard', variables: async ({ guard }, under) => guard?.(under) ?? {} },
  {
    name: 'run',
    variables: ({ run }): Variables => (run === undefined ? {} : { [RUN_ID_VARIABLE]: run.id, TMPDIR: run.temporary }),
  },
];

/** What is not set leaves what the caller's environment says. */
function author({ author: { name, email } }: LayerFacts): Variables {
  return {
    ...(name === undefined ? {} : { GIT_AUTHOR_NAME: name, GIT_COMMITTER_NAME: name }),
    ...(email === undefined ? {} : { GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_EMAIL: email }),
  };
}

/** A reserved variable of an env file is left out, and so is what only kugetsu itself needs. */
function usable(files: LayerFacts['files']): Variables {
  return Object.fromEntries(
    Object.entries(files).filter(([key]) => !isReservedVariable(key) && key !== WEBHOOK_SECRET),
  );
}

/** This kugetsu's home, and this kugetsu itself in front on PATH, once: an agent that another one starts has the same PATH. */
function ownVariables({ agent, files, home, programs, temporary }: LayerFacts, under: Variables): Variables {
  const path = (under['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(':').filter((place) => place !== programs);
  return {
    [WEBHOOK_SECRET]: undefined,
    [AGENT_VARIABLE]: agent,
    [AGENT_VARIABLES]: Object.keys(usable(files)).join(','),
    // Who can write the queue can run agents on every host.
    ...(agent === 'dev-agent' ? { [QUEUE_URL]: undefined } : {}),
    KUGETSU_DIR: home,
    KUGETSU_TEMP_DIR: temporary,
    PATH: [programs, ...path].join(':'),
  };
}

/** The user's own ones stay. */
function withCeilings({ ceilings }: LayerFacts, under: Variables): Variables {
  if (ceilings.length === 0) return {};
  const users = (under['GIT_CEILING_DIRECTORIES'] ?? '').split(':').filter((path) => path !== '');
  return { GIT_CEILING_DIRECTORIES: [...new Set([...ceilings, ...users])].join(':') };
}
