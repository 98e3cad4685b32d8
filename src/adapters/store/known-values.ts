/** What a file held when it was read last. */
interface Known {
  readonly text: string;
  readonly schema: object;
  readonly value: unknown;
}

/** In characters of text, of all files and of one: what a daemon looks at again and again takes far less. */
const MOST_IN_ALL = 512 * 1024;
const MOST_IN_ONE = 64 * 1024;

let inAll = 0;
const known = new Map<string, Known>();

/**
 * The value that a file was found to hold, when it has the same text as then: to compare that takes a tenth of the time of
 * parsing and checking it anew, and is as certain. Undefined when it has not.
 */
export function knownValue(path: string, { text, schema }: Omit<Known, 'value'>): unknown {
  const last = known.get(path);
  return last !== undefined && last.text === text && last.schema === schema ? last.value : undefined;
}

/** Keeps that for the next time. From now on nobody can change the value: it is also that of whoever reads the file next. */
export function keepValue(path: string, found: Known): void {
  forget(path);
  if (found.text.length > MOST_IN_ONE) return;
  freeze(found.value);
  known.set(path, found);
  inAll += found.text.length;
  for (const oldest of known.keys()) {
    if (inAll <= MOST_IN_ALL) return;
    forget(oldest);
  }
}

function forget(path: string): void {
  inAll -= known.get(path)?.text.length ?? 0;
  known.delete(path);
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freeze(each);
}
