import { join } from 'node:path';
import { listDirectoryAtOnce } from '../../adapters/store/directory.ts';
import { readTextAtOnce } from '../../adapters/store/private-files.ts';
import { createRedactor, SHAPES_ONLY, type Redactor } from '../../util/redaction.ts';
import { isSecretKey } from '../../util/secret-keys.ts';
import { beginsLikeSecret, REDACTED } from '../../util/secret-shapes.ts';
import { splitCredentials } from '../../util/urls.ts';
import type { Context } from '../context.ts';
import { agentOfFile } from './agent-name.ts';

type Needs = Pick<Context, 'home' | 'env'>;

// A variable may name the file of a secret instead of holding it; otherwise every path below it would be redacted.
const SYSTEM_PATH = /^\/(?:etc|home|mnt|opt|root|run|srv|tmp|usr|var|Users|private)(?:\/[\w.@+-]+)+\/?$/;

/**
 * The redactor for everything that is written or shown of what an agent did. It knows the forms of secrets, and the secret
 * values of all env files, of the clone URLs, and of kugetsu's own environment, which agents inherit. Never throws: of an
 * env file that does not parse it takes what its lines seem to hold.
 */
export async function redactorOf({ home, env }: Needs): Promise<Redactor> {
  const values = Object.entries(env).flatMap(([key, value]) => secretsOf(key, value ?? ''));
  for (const name of listDirectoryAtOnce(home.env).filter((each) => agentOfFile(each) !== undefined)) {
    values.push(...(await secretsInFile(textOf(join(home.env, name)), env['HOME'] ?? '')));
  }
  for (const path of [home.reposFile, home.serversFile]) {
    values.push(...secretsInUrls(textOf(path)));
  }
  return values.length === 0 ? SHAPES_ONLY : createRedactor(values);
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
