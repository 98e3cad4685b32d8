const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';
const TIME_DIGITS = 9;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * An id that sorts by time and does not collide: `prefix`, the milliseconds since the epoch in 9 base-36 digits (enough
 * until the year 5188), and one random base-36 character for each byte. Lower case only: some filesystems fold case.
 */
export function timeOrderedId(prefix: string, ms: number, randomBytes: Uint8Array): string {
  return `${prefix}${Math.floor(ms).toString(36).padStart(TIME_DIGITS, '0')}${letters(randomBytes, BASE36)}`;
}

/** The milliseconds since the epoch of an id of {@link timeOrderedId}. */
export function timeOfId(id: string, prefix: string): number {
  return Number.parseInt(id.slice(prefix.length, prefix.length + TIME_DIGITS), 36);
}

/** One base-62 character for each byte. */
export function base62(bytes: Uint8Array): string {
  return letters(bytes, BASE62);
}

function letters(bytes: Uint8Array, alphabet: string): string {
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('');
}
