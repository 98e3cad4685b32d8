import { randomBytes } from '../../adapters/random.ts';
import { readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import type { Home } from '../../domain/home.ts';

const BYTES = 32;
const FORM = /^[A-Za-z0-9_-]{43}$/;

/** A token that nobody can guess. */
export function newToken(): string {
  return Buffer.from(randomBytes(BYTES)).toString('base64url');
}

/** The token that the home keeps; a new one when it has none, or what is there is none. */
export async function keptToken({ webToken }: Pick<Home, 'webToken'>): Promise<string> {
  const kept = ((await readTextIfExists(webToken)) ?? '').trim();
  if (FORM.test(kept)) return kept;
  const token = newToken();
  await replaceFile(webToken, `${token}\n`);
  return token;
}
