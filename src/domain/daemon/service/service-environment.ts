import * as z from 'zod/mini';
import { readJsonFile } from '../../../adapters/store/json-file.ts';

/** Names the file that has more of a service's environment; a service's own definition has nothing that may be a secret. */
export const ENVIRONMENT_FILE_VARIABLE = 'KUGETSU_SERVICE_ENVIRONMENT';

type Env = Readonly<Record<string, string | undefined>>;

const XDG = ['HOME', 'DIRS'].flatMap((kind) => ['CONFIG', 'DATA'].map((what) => `XDG_${what}_${kind}`));
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];
// Whoever needs a proxy often needs its certificates.
const CERTIFICATES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
const CARRIED = new Set([
  ...XDG,
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
  ...PROXIES,
  ...PROXIES.map((name) => name.toLowerCase()),
  ...CERTIFICATES,
]);

/** What opencode tells the programs that it starts about itself. */
const OF_ONE_PROCESS = new Set([
  'OPENCODE_PID',
  'OPENCODE_CLIENT',
  'OPENCODE_TERMINAL',
  'OPENCODE_SERVER_PASSWORD',
  'OPENCODE_SERVER_USERNAME',
  'OPENCODE_WORKSPACE_ID',
  'OPENCODE_EDITOR_SSE_PORT',
  'OPENCODE_ROUTE',
  'OPENCODE_PRINT_LOGS',
  'OPENCODE_LOG_LEVEL',
]);

/**
 * What of this environment decides which opencode, which sessions and which network the daemon and its agents have:
 * `OPENCODE_*`, `XDG_*`, proxies and their certificates. A value may be a secret: a proxy's password, a key in a configuration.
 */
export function carriedVariables(env: Env): Record<string, string> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '' && isCarried(entry[0]),
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isCarried(name: string): boolean {
  return CARRIED.has(name) || (name.startsWith('OPENCODE_') && !OF_ONE_PROCESS.has(name));
}

const ENVIRONMENT_FORM = {
  schema: z.record(z.string(), z.string()),
  what: "the environment of the daemon's service",
} as const;

/**
 * The environment that a service's process has, with that of its file; what is set all the same wins.
 *
 * @throws AppError `corrupt_file`
 */
export async function withServiceEnvironment(env: Env): Promise<Env> {
  const { [ENVIRONMENT_FILE_VARIABLE]: path, ...own } = env;
  if (path === undefined || path === '') return env;
  return { ...(await readJsonFile(path, ENVIRONMENT_FORM)), ...own };
}
