import { createHash } from 'node:crypto';

/** A ref as a file name: `/` and `#` become `-`. Two refs can get the same one; see {@link uniqueName}. */
export function sanitisedName(ref: string): string {
  return ref.replaceAll(/[/#]/g, '-');
}

/**
 * The file name for `ref`: its sanitised name, or, when `isTaken` says that another ref has that, the name with the
 * first 8 hex digits of the ref's SHA-256. Give `isTaken` names as they are; fold case there if the filesystem may.
 */
export function uniqueName(ref: string, isTaken: (name: string) => boolean): string {
  const name = sanitisedName(ref);
  return isTaken(name) ? `${name}-${shortHash(ref)}` : name;
}

/** The first 8 hex digits of the SHA-256 of `text`. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
