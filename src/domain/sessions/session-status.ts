import { readTextAtOnce } from '../../adapters/store/private-files.ts';
import type { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import type { InitStatus } from './init-status.ts';

/** The word for how ready kugetsu is, and what there is to say about it. */
export interface SessionStatus {
  readonly status: InitStatus;
  /** A session that opencode has lost, or why it could not be asked; undefined when there is nothing to say. */
  readonly problem: AppError | undefined;
}

/**
 * Whether kugetsu is initialised, by its files and by what opencode has. Where opencode cannot be asked the files' word
 * stands.
 */
export async function sessionStatus(context: Pick<Context, 'home' | 'env' | 'opencode'>): Promise<SessionStatus> {
  const status = looksInitialised(context);
  // Without an index there is nothing more to read, and no schema is worth its loading.
  if (status === 'kugetsu_not_initialized') return { status, problem: undefined };
  const { storedStatus } = await import('./stored-status.ts');
  return storedStatus(context);
}

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
