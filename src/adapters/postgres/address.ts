import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';

/** How the connection is protected; the words of PostgreSQL's `sslmode`, without those that fall back to no protection by themselves. */
type Protection = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** Where a PostgreSQL server is, and as whom to speak to it. */
export interface ServerAddress {
  /** A host's name or address, or the directory of a socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Undefined when the URL has none: then `PGPASSWORD` may have one. */
  readonly password: string | undefined;
  readonly protection: Protection;
  /** The file of the certificates that are trusted; those of the system without. */
  readonly rootCertificates: string | undefined;
  /** The files of the certificate and key with which this client identifies itself. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** The schema in the database that holds kugetsu's tables. */
  readonly schema: string;
  /** The address as it may be shown: without user and password. */
  readonly shown: string;
  /** Why there is none: then no connection is made. */
  readonly missing?: Missing;
}

interface Missing {
  /** What is so, as the end of a sentence. */
  readonly why: string;
  readonly hint: string;
}

const PARAMETERS = ['host', 'port', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'schema', 'application_name'];
const EXAMPLE = 'write it as postgres://USER:PASSWORD@HOST:5432/DATABASE';
const IDENTIFIER = /^[a-z_][a-z0-9_]{0,40}$/;

/**
 * The server that a URL names. The parts are those that psql(1) takes; what pg makes of `sslmode` by itself differs from
 * that, so it never sees the URL.
 *
 * @throws AppError usage (exit code 2) that says which part is wrong, without the password
 */
export function parseServerAddress(url: string): ServerAddress {
  if (!/^postgres(ql)?:\/\//.test(url)) throw usageError('this is not the URL of a PostgreSQL server', EXAMPLE);
  const parsed = parse(url);
  const options = parsed.searchParams;
  const unknown = [...options.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    throw usageError(words`unknown part ${quoted(unknown)} in the URL`, `known: ${PARAMETERS.join(', ')}`);
  }
  const host = options.get('host') ?? decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, '$1');
  const database = decodeURIComponent(parsed.pathname.slice(1));
  const user = decodeURIComponent(parsed.username);
  if (host === '' || database === '' || user === '')
    throw usageError(`the URL names no ${missing(host, database)}`, EXAMPLE);
  const port = Number(options.get('port') ?? (parsed.port || '5432'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw usageError('the port in the URL is not a port number', EXAMPLE);
  return {
    host,
    port,
    database,
    user,
    password: parsed.password === '' ? undefined : decodeURIComponent(parsed.password),
    protection: protectionOf(options.get('sslmode'), { isNear: isNear(host), hasRoot: options.has('sslrootcert') }),
    rootCertificates: fileIn(options.get('sslrootcert')),
    certificate: options.get('sslcert') ?? undefined,
    key: options.get('sslkey') ?? undefined,
    schema: schemaOf(options.get('schema')),
    shown: host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`,
  };
}

/** The address of whoever is not told one: every connection fails with the reason. */
export function noServer(reason: Missing): ServerAddress {
  return { ...parseServerAddress('postgres://kugetsu@localhost/kugetsu'), missing: reason };
}

function parse(url: string): URL {
  try {
    // A URL of a scheme that is not special keeps its host as it is written, and may have none, as that of a socket has.
    const parsed = new URL(url.replace(/^postgres(ql)?:\/\/([^/?#]*@)?(?=[/?#])/, 'postgres://$2socket'));
    for (const part of [parsed.username, parsed.password, parsed.pathname]) decodeURIComponent(part);
    if (parsed.hostname === 'socket' && !parsed.searchParams.has('host')) parsed.searchParams.set('host', '');
    return parsed;
  } catch {
    throw usageError('the URL of the server cannot be read', `${EXAMPLE}; other characters in the password as %XX`);
  }
}

function missing(host: string, database: string): string {
  if (host === '') return 'host';
  return database === '' ? 'database' : 'user';
}

/** Nobody reads along on the way to a socket or to this machine itself. */
function isNear(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function protectionOf(
  mode: string | null,
  { isNear: near, hasRoot }: { readonly isNear: boolean; readonly hasRoot: boolean },
): Protection {
  switch (mode) {
    case null:
      return near && !hasRoot ? 'disable' : 'verify-full';
    case 'require':
      // As libpq has it: who names certificates wants the server's checked.
      return hasRoot ? 'verify-ca' : 'require';
    case 'disable':
    case 'verify-ca':
    case 'verify-full':
      return mode;
    default:
      throw usageError(
        words`sslmode=${quoted(mode)} is not supported`,
        'use disable, require, verify-ca or verify-full',
      );
  }
}

function fileIn(value: string | null): string | undefined {
  return value === null || value === 'system' ? undefined : value;
}

function schemaOf(value: string | null): string {
  if (value === null) return 'kugetsu';
  if (IDENTIFIER.test(value) && !value.startsWith('pg_')) return value;
  throw usageError('schema= in the URL is not the name of a schema', 'use lower-case letters, digits and _');
}
