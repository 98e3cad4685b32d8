import { join } from 'node:path';
import { listDirectoryAtOnce } from '../../adapters/store/directory.ts';
import { stampAtOnce } from '../../adapters/store/paths.ts';
import { readTextAtOnce } from '../../adapters/store/private-files.ts';
import { createRedactor, SHAPES_ONLY, type Redactor } from '../../util/redaction.ts';
import { beginsLikeSecret, isSecretKey, REDACTED } from '../../util/secret-shapes.ts';
import { splitCredentials } from '../../util/urls.ts';
import type { Context } from '../context.ts';
import { agentOfFile } from './agents.ts';

type Needs = Pick<Context, 'home' | 'env'>;

// A variable may name the file of a secret instead of holding it; otherwise every path below it would be redacted.
const SYSTEM_PATH = /^\/(?:etc|home|mnt|opt|root|run|srv|tmp|usr|var|Users|private)(?:\/[\w.@+-]+)+\/?$/;

/** The last redactor, and what it was made of: a daemon and a runner ask for one with every line that they write. */
let kept: { readonly env: Needs['env']; readonly stamp: string; readonly redactor: Redactor } | undefined;

/**
 * The redactor for everything that is written or shown of what an agent did. It knows the forms of secrets, and the secret
 * values of all env files, of the clone URLs, of the fleet's, and of kugetsu's own environment, which agents inherit. Never throws: of an
 * env file that does not parse it takes what its lines seem to hold. The same redactor is returned until one of the files
 * changes.
 */
export async function redactorOf({ home, env }: Needs): Promise<Redactor> {
  const envFiles = listDirectoryAtOnce(home.agentEnv)
    .filter((name) => agentOfFile(name) !== undefined)
    .map((name) => join(home.agentEnv, name));
  const urlFiles = [home.reposFile, home.serversFile];
  // Stamps come before contents: a file that changes in between is read again by the next call.
  const stamp = [...envFiles, ...urlFiles, home.fleet].map((path) => `${path} ${stampAtOnce(path) ?? ''}`).join('\n');
  if (kept?.env === env && kept.stamp === stamp) return kept.redactor;
  const values = Object.entries(env).flatMap(([key, value]) => secretsOf(key, value ?? ''));
  for (const path of envFiles) values.push(...(await secretsInFile(textOf(path), env['HOME'] ?? '')));
  for (const path of urlFiles) values.push(...secretsInUrls(textOf(path)));
  values.push(...passwordsOf(textOf(home.fleet)));
  const redactor = values.length === 0 ? SHAPES_ONLY : createRedactor(values);
  kept = { env, stamp, redactor };
  return redactor;
}

/** The text of one of these small files, which is read before anything else can be done; nothing when it cannot be read. */
function textOf(path: string): string {
  try {
    return readTextAtOnce(path) ?? '';
  } catch {
    return '';
  }
}

/** A user without a password, or with one that stands for none, is a token. */
function secretsInUrls(text: string): string[] {
  return [...text.matchAll(/https?:\/\/[^\s"'\\]+/gi)].flatMap(([url]) => {
    const { login, password } = splitCredentials(url);
    const isToken = password === undefined || password === 'x-oauth-basic';
    return [isToken ? login : undefined, password].filter((value) => value !== undefined);
  });
}

async function secretsInFile(text: string, userHome: string): Promise<string[]> {
  // Most homes have no such file.
  const { scanAssignments } = await import('../../util/shell-assignments.ts');
  const { assignments, broken } = scanAssignments(text, userHome);
  return [
    ...assignments.flatMap(({ key, value }) => secretsOf(key, value)),
    ...broken.flatMap(({ key = 'SECRET', start, end }) => {
      const line = text.slice(start, end);
      return secretsOf(key, line.slice(line.indexOf('=') + 1).replaceAll(/^["'\s]+|["'\s]+$/g, ''));
    }),
  ];
}

function secretsOf(key: string, value: string): string[] {
  if (SYSTEM_PATH.test(value)) return [];
  const whole = isSecretKey(key) || beginsLikeSecret(value) || SHAPES_ONLY.text(value) === REDACTED;
  return whole ? [value] : passwordsOf(value);
}

/** The password of a URL, as it is there and as it is meant. */
function passwordsOf(value: string): string[] {
  const password = /:\/\/[^\s/:@]*:([^\s/]+)@/.exec(value)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
