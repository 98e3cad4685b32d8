import { join } from 'node:path';
import { isLooseObject, parseJson } from '../../../util/loose-object.ts';
import { readIfFile } from './configuration.ts';
import { xdgDirectory, type Env } from './places.ts';

/** The providers for which opencode has credentials; nothing of the credentials themselves. */
export interface Logins {
  readonly ids: readonly string[];
  /** Whether one of them is a server that has more configuration, which opencode fetches when it starts. */
  readonly remote: boolean;
}

/**
 * The logins of `auth.json`, and those of the environment (`OPENCODE_AUTH_CONTENT`).
 *
 * @throws when the file is there and cannot be read
 */
export async function readLogins(env: Env): Promise<Logins> {
  const file = await readIfFile(join(xdgDirectory(env, 'DATA'), 'auth.json'));
  const texts = [file, env['OPENCODE_AUTH_CONTENT']].filter((text) => text !== undefined && text !== '');
  const entries = texts.map((text) => parseJson(text ?? '')).flatMap((json) => (isLooseObject(json) ? [json] : []));
  const values = entries.flatMap((json) => Object.values(json)).filter(isLooseObject);
  return {
    ids: entries.flatMap((json) => Object.keys(json)),
    remote: entries.length < texts.length || values.some(({ type }) => type === 'wellknown'),
  };
}
