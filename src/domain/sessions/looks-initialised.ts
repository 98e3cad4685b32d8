import { readTextAtOnce } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import type { InitStatus } from './init-status.ts';

/** What the index says about `init`; what cannot be read says `ok`. To queue a task, no schema is worth its loading. */
export function looksInitialised({ home }: Pick<Context, 'home'>): InitStatus {
  try {
    const text = readTextAtOnce(home.index);
    if (text === undefined) return 'kugetsu_not_initialized';
    const index: unknown = JSON.parse(text);
    if (lacks(index, 'base')) return 'base_session_missing';
    return lacks(index, 'pm_agent') ? 'pm_agent_missing' : 'ok';
  } catch {
    return 'ok';
  }
}

function lacks(index: unknown, key: string): boolean {
  return typeof index === 'object' && index !== null && (Reflect.get(index, key) ?? null) === null;
}
