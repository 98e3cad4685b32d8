import { scanAssignments, type Assignment, type BrokenAssignment } from '../../util/shell-assignments.ts';

/** What a config file holds, in its order; lines are counted from 1. */
export type ConfigLine =
  | { readonly kind: 'assignment'; readonly line: number; readonly assignment: Assignment; readonly exported: boolean }
  /** What only a shell could act on; `text` is the line, or the assignment that depends on a condition. */
  | { readonly kind: 'shell'; readonly line: number; readonly text: string; readonly reason: string }
  /** A quote that is never closed: nobody can tell what the lines after it are. */
  | { readonly kind: 'torn'; readonly line: number; readonly key: string | undefined; readonly reason: string };

const OPENS = /^\s*(?:if|for|while|until|case|select)\s|\{\s*$/;
const CLOSES = /(?:^|[\s;])(?:fi|done|esac|\})\s*(?:;|#|$)/;
const DEPENDS = 'it depends on a condition';

/**
 * The lines of a config that say something. A shell would run the file; here whatever is no plain assignment is told apart,
 * and so is an assignment inside of an `if`, a loop or a function. The lines inside that assign nothing belong to its first.
 */
export function readConfigLines(source: string, userHome: string): ConfigLine[] {
  const { assignments, broken } = scanAssignments(source, userHome);
  const lines: ConfigLine[] = [];
  let depth = 0;
  for (const part of [...assignments, ...broken].toSorted((a, b) => a.start - b.start)) {
    const text = source.slice(part.start, part.end);
    const inside = depth > 0;
    if ('error' in part) {
      const closes = CLOSES.test(text);
      if (OPENS.test(text) && !closes) depth += 1;
      else if (closes && !OPENS.test(text)) depth = Math.max(0, depth - 1);
      if (!inside || text.includes('=')) lines.push(brokenLine(part, text));
    } else if (inside) {
      lines.push({ kind: 'shell', line: part.line, text, reason: DEPENDS });
    } else {
      lines.push({ kind: 'assignment', line: part.line, assignment: part, exported: /^export\s/.test(text) });
    }
  }
  return lines;
}

function brokenLine({ key, error }: BrokenAssignment, text: string): ConfigLine {
  const { line, message: reason } = error;
  return reason.includes('never closed') ? { kind: 'torn', line, key, reason } : { kind: 'shell', line, text, reason };
}
