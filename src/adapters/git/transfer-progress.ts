/** The lines with which git-clone(1) and git-fetch(1) say with `--progress` how far they are. */
const PROGRESS = /^(?:remote: )?((?:Enumerating|Counting|Compressing|Receiving|Resolving|Updating) [^]*)$/;

/** How far git is, by what it has just written: `Receiving objects: 45% (450/1000), 12.30 MiB | 4.10 MiB/s`. */
export function progressIn(text: string): string | undefined {
  const said = linesOf(text).flatMap((line) => PROGRESS.exec(line)?.[1] ?? []);
  return said.at(-1)?.replaceAll(/\s+/g, ' ');
}

/** What else git has written. */
export function withoutProgress(text: string): string {
  return linesOf(text)
    .filter((line) => !PROGRESS.test(line))
    .join('\n');
}

function linesOf(text: string): string[] {
  return text.split(/[\r\n]+/).map((line) => line.trimEnd());
}
