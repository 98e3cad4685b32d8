import { quoteAssignmentValue, scanAssignments } from './shell-assignments.ts';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * `source` with `key` set to `value`, and everything else as it was: comments, order, line ends. The last assignment of
 * the key, which is the one that counts, is replaced; without one the new line goes below a commented-out one, else to the end.
 * `home` is what `~` stands for.
 */
export function withAssignment(
  source: string,
  { key, value }: { readonly key: string; readonly value: string },
  home: string,
): string {
  const text = `${key}=${quoteAssignmentValue(value)}`;
  const { assignments, broken } = scanAssignments(source, home);
  const places = [...assignments, ...broken].filter((place) => place.key === key).toSorted((a, b) => a.start - b.start);
  const last = places.at(-1);
  if (last !== undefined) {
    const prefix = /^export[ \t]+/.exec(source.slice(last.start, last.end))?.[0] ?? '';
    const useless = broken.filter((place) => place.key === key && place.start !== last.start);
    return applied(source, [
      ...useless.map((place) => wholeLines(source, place)),
      { ...last, text: `${prefix}${text}` },
    ]);
  }
  const newline = source.includes('\r\n') ? '\r\n' : '\n';
  const comment = endOfComment(source, key, assignments);
  if (comment !== undefined) return applied(source, [{ start: comment, end: comment, text: `${newline}${text}` }]);
  // A backslash may have taken the last line end into the value before it.
  const isEnded = source.endsWith('\n') && [...assignments, ...broken].every(({ end }) => end < source.length);
  const separator = source === '' || isEnded ? '' : newline;
  return `${source}${separator}${text}${newline}`;
}

/** `source` without any assignment of `key`; undefined when there is none. The lines go whole, with what follows the value. */
export function withoutAssignment(source: string, key: string, home: string): string | undefined {
  const { assignments, broken } = scanAssignments(source, home);
  const places = [...assignments, ...broken].filter((place) => place.key === key);
  if (places.length === 0) return undefined;
  return applied(
    source,
    places.map((place) => wholeLines(source, place)),
  );
}

function applied(source: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: replacement }) => text.slice(0, start) + replacement + text.slice(end), source);
}

function wholeLines(source: string, { start, end }: Pick<Edit, 'start' | 'end'>): Edit {
  const newline = source.indexOf('\n', end);
  return {
    start: source.lastIndexOf('\n', start - 1) + 1,
    end: newline === -1 ? source.length : newline + 1,
    text: '',
  };
}

/** Where the last line ends that has the key commented out; a line of a quoted value is no comment. */
function endOfComment(
  source: string,
  key: string,
  assignments: readonly Pick<Edit, 'start' | 'end'>[],
): number | undefined {
  return [...source.matchAll(new RegExp(`^[ \\t]*#[ \\t]*(?:export[ \\t]+)?${key}=[^\\r\\n]*`, 'gm'))]
    .filter(({ index }) => !assignments.some(({ start, end }) => start < index && index < end))
    .map(({ index, 0: line }) => index + line.length)
    .at(-1);
}
