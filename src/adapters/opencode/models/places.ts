import { join } from 'node:path';

/** The environment that an opencode gets. */
export type Env = Readonly<Record<string, string | undefined>>;

const DEFAULTS = { CONFIG: '.config', DATA: '.local/share', CACHE: '.cache', STATE: '.local/state' } as const;

/** Where an opencode with this environment has what it keeps, by kind. */
export function xdgDirectory(env: Env, kind: keyof typeof DEFAULTS): string {
  const set = env[`XDG_${kind}_HOME`] ?? '';
  return join(set === '' ? join(env['HOME'] ?? '', DEFAULTS[kind]) : set, 'opencode');
}
