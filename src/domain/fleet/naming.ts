import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { placeOf } from '../../util/urls.ts';
import { said, words, type Words } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import { canonicalKey, isComment, readReposFile } from '../servers/repos-file.ts';
import { entryOf } from '../servers/repository-entry.ts';
import { readServers } from '../servers/servers-file.ts';
import { DEFAULT_AGENT, RUN_AGENTS } from '../agent-env/agents.ts';
import { readEnvFile } from '../agent-env/env-file.ts';
import { isReservedVariable, WEBHOOK_SECRET } from '../agent-env/reserved-variables.ts';

const NamingSchema = z.object({
  /** The server that refs without one mean. */
  default_server: z.nullable(z.string()),
  /** By the names of `servers.json`. */
  servers: z.record(z.string(), z.string()),
  /** By the keys of `repos.json`, as they are compared. */
  repositories: z.record(z.string(), z.string()),
  /** The names of agents' variables by env file; missing when that could not be read, and of a host with an earlier kugetsu. */
  variables: z.optional(z.record(z.string(), z.array(z.string()))),
});

/**
 * What decides on one host what issues are called and where they are cloned from: its servers and repositories by name, each with
 * a fingerprint of what is said of it, without credentials. Hosts that differ in it may have two refs, and two agents, for one issue.
 * With it go the names of the variables that agents get there, and nothing of their values.
 */
export type Naming = z.infer<typeof NamingSchema>;

/** That of this host; undefined when one of its files cannot be read, which doctor says. */
export async function namingOf(context: Pick<Context, 'home' | 'env'>): Promise<Naming | undefined> {
  try {
    const servers = await readServers(context);
    const repos = (await readReposFile(context)) ?? {};
    const { known } = await redactorOf(context);
    const print = (value: unknown): string => fingerprint(known(JSON.stringify(value)));
    const repositories = Object.entries(repos)
      .filter(([key]) => !isComment(key))
      .map(([key, value]) => [canonicalKey(key, servers) ?? key, print(comparable(value))] as const);
    return {
      default_server: servers.default?.toLowerCase() ?? null,
      servers: Object.fromEntries(
        Object.entries(servers.servers).map(([name, { url }]) => [name.toLowerCase(), print(placeOf(url))]),
      ),
      repositories: Object.fromEntries(repositories),
      variables: await variableNames(context),
    };
  } catch {
    return undefined;
  }
}

/** What a host of the fleet has said; undefined when it has said nothing, or something that is not understood. */
export function readNaming(value: unknown): Naming | undefined {
  return NamingSchema.safeParse(value).data;
}

/** Where the checkout is may differ: it is a directory of one host. */
function comparable(value: unknown): unknown {
  const { checkout: _own, url, ...settings } = entryOf(value);
  return [url === undefined ? null : placeOf(url), Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1))];
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** In which servers and repositories another host differs from this one, thing by thing; none when they agree. */
export function differences(own: Naming, other: Naming): Words[] {
  const standard =
    own.default_server === other.default_server
      ? []
      : [
          words`servers.json: the default server is ${named(own.default_server)} here and ${named(other.default_server)} there`,
        ];
  return [
    ...standard,
    ...differencesIn('servers.json', own.servers, other.servers),
    ...differencesIn('repos.json', own.repositories, other.repositories),
  ];
}

function named(server: string | null): Words {
  return server === null ? ['none'] : words`${said(server)}`;
}

function differencesIn(
  file: string,
  own: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): Words[] {
  const names = [...new Set([...Object.keys(own), ...Object.keys(other)])].toSorted();
  return names.flatMap((name) => {
    if (own[name] === other[name]) return [];
    const how =
      other[name] === undefined ? 'is not there' : own[name] === undefined ? 'is there only' : 'is different there';
    return [words`${file}: ${said(name)} ${how}`];
  });
}

/** The names of the variables that agents get from the env file of `default` and of each agent that kugetsu runs, sorted; of a missing file none. */
export type VariableNames = Readonly<Record<string, readonly string[]>>;

/** Whose files decide what the agents of kugetsu get. */
export const ENV_AGENTS = [DEFAULT_AGENT, ...RUN_AGENTS] as const;

/**
 * The names of this host, for the other hosts: an agent that finds its token on one of them must find one on all. Their values, and
 * anything that is made of these, stay here. Undefined when one of the files cannot be read, which doctor says.
 */
async function variableNames(context: Pick<Context, 'home' | 'env'>): Promise<Record<string, string[]> | undefined> {
  try {
    const names: Record<string, string[]> = {};
    for (const agent of ENV_AGENTS) {
      const keys = [...((await readEnvFile(context, agent))?.keys() ?? [])];
      names[agent] = keys.filter((key) => !isReservedVariable(key) && key !== WEBHOOK_SECRET).toSorted();
    }
    return names;
  } catch {
    return undefined;
  }
}

/**
 * Which variables only one of two hosts has for an agent, file by file. Where a variable is does not matter as long as each agent that
 * has it on one host has it on the other.
 *
 * @param names what the hosts are called, that of `own` first
 */
export function lackingVariables(own: VariableNames, other: VariableNames, names: readonly [string, string]): Words[] {
  const [here, there] = names;
  return [...lacking(own, other, there), ...lacking(other, own, here)];
}

function lacking(having: VariableNames, host: VariableNames, name: string): Words[] {
  return ENV_AGENTS.flatMap((file) => {
    const agents = file === DEFAULT_AGENT ? RUN_AGENTS : [file];
    const keys = (having[file] ?? []).filter((key) => agents.some((agent) => !reaches(host, agent, key)));
    return keys.map((key) => words`host ${said(name)} lacks ${said(key)} in ${file}.env`);
  });
}

function reaches(names: VariableNames, agent: string, key: string): boolean {
  return [DEFAULT_AGENT, agent].some((file) => names[file]?.includes(key) === true);
}
