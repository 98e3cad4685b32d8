import { plainText } from '../../util/text.ts';
import { palette } from './palette.ts';

/** What a diff has to show. */
interface Shown {
  readonly commits: readonly { readonly hash: string; readonly subject: string }[];
  readonly text: string;
}

/**
 * The commits of a worktree, a line each, and its diff. With colour, for a person: nothing but text is left of it, whatever the
 * files have in them.
 */
export function renderDiff({ commits, text }: Shown, { colour }: { readonly colour: boolean }): string {
  const paint = palette(colour);
  const lines = commits.map(({ hash, subject }) => `${paint.yellow(`commit ${hash}`)} ${plainText(subject)}`);
  if (!colour) return [...lines, ...(lines.length > 0 && text !== '' ? [''] : []), text].join('\n');
  const coloured = plainText(text)
    .split('\n')
    .map((line) => {
      if (/^(?:diff |index |--- |\+\+\+ |(?:new|deleted) file |rename |similarity )/.test(line))
        return paint.bold(line);
      if (line.startsWith('@@')) return paint.cyan(line);
      if (line.startsWith('+')) return paint.green(line);
      return line.startsWith('-') ? paint.red(line) : line;
    });
  return [...lines, ...(lines.length > 0 && text !== '' ? [''] : []), ...coloured].join('\n');
}
