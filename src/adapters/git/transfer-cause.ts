import type { ErrorCode } from '../../util/error-codes.ts';
import { unknownHostKey } from './host-key.ts';
import type { GitPlace } from './git-place.ts';
import { leftLock } from './left-lock.ts';

/** Why a clone or a fetch failed, as far as it was found out beyond git's words. */
export interface KnownCause {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
}

/** Looks into a failure of a transfer, where that needs more than git's words. */
export async function causeOf(url: string, stderr: string, place: GitPlace): Promise<KnownCause | undefined> {
  const lock = await leftLock(stderr);
  if (lock !== undefined) return { code: 'repository_locked', ...lock };
  const key = await unknownHostKey(url, stderr, place);
  return key === undefined ? undefined : { code: 'host_key_unknown', ...key };
}
