import type { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import type { InitStatus } from './init-status.ts';
import { looksInitialised } from './looks-initialised.ts';

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
