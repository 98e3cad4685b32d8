import type { Level, ShownFinding } from '../../domain/doctor/finding.ts';
import type { FixedPermissions } from '../../domain/doctor/permissions.ts';
import { oneLine, plural } from '../../util/text.ts';
import { palette } from './palette.ts';
import { renderTable } from './table.ts';

const LEVELS: readonly Level[] = ['error', 'warning', 'info', 'ok'];
const COLUMNS = ['LEVEL', 'CHECK', 'MESSAGE', 'COMMAND'];
const INDENT = ' '.repeat(9);
const MAX_LINE = 1000;

/** Findings, the worst first: a row and the command under it for a person, tab-separated values for a program. */
export function renderFindings(
  findings: readonly ShownFinding[],
  { ruled, colour }: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const sorted = findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  if (!ruled) {
    const rows = sorted.map(({ level, check, message, command }) => [level, check, message, command ?? '-']);
    return renderTable({ columns: COLUMNS, rows, ruled, colour });
  }
  const paint = palette(colour);
  const width = Math.max(...sorted.map(({ check }) => check.length));
  return sorted.map((finding) => renderOne(finding, width, paint)).join('\n');
}

function renderOne(
  { level, check, message, command }: ShownFinding,
  width: number,
  paint: ReturnType<typeof palette>,
): string {
  const line = `${painted(level, paint)}${paint.bold(check.padEnd(width))}  ${oneLine(message, MAX_LINE)}`;
  return command === null ? line : `${line}\n${INDENT}${' '.repeat(width)}  ${paint.cyan(oneLine(command, MAX_LINE))}`;
}

function painted(level: Level, paint: ReturnType<typeof palette>): string {
  const text = level.padEnd(INDENT.length);
  switch (level) {
    case 'error':
      return paint.red(text);
    case 'warning':
      return paint.yellow(text);
    case 'info':
      return paint.blue(text);
    case 'ok':
      return paint.green(text);
  }
}

/** How many findings there are of each level, in one line. */
export function countFindings(findings: readonly ShownFinding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  return `${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${plural(count('info'), 'note')}, ${count('ok')} in order`;
}

/** The rules, and what was done for each session. */
export function renderPermissions({ rules, sessions }: FixedPermissions): string {
  return [
    'permission rules (the last that matches wins):',
    ...rules.map(({ permission, pattern, action }) => `  ${action.padEnd(6)}${permission} ${pattern}`),
    ...sessions.map(({ subject, session_id: id, outcome, reason }) =>
      [`${subject} ${id}: ${outcome}`, ...(reason === null ? [] : [reason])].join(': '),
    ),
  ].join('\n');
}
