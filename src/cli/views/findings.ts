import type { Level, ShownFinding } from '../../domain/doctor/check.ts';
import type { FixedPermissions } from '../../domain/doctor/checks/permissions.ts';
import { oneLine, plural } from '../../util/text.ts';
import { palette } from './palette.ts';
import type { TextStyle } from '../print-result.ts';
import { wrapped } from './cells.ts';
import { renderTable, type Column } from './table.ts';

const LEVELS: readonly Level[] = ['error', 'warning', 'info', 'ok'];
const LEVEL_WIDTH = 9;
/** How wide the names of checks are; while they are found, nobody knows which is the longest. */
const CHECK_WIDTH = 16;
/** Below so many columns a message has lines of its own. */
const NARROW = 60;
const MAX_LINE = 1000;

const COLUMNS: readonly Column<ShownFinding>[] = [
  { title: 'LEVEL', cell: ({ level }) => level },
  { title: 'CHECK', cell: ({ check }) => check },
  { title: 'MESSAGE', cell: ({ message }) => message },
  { title: 'COMMAND', cell: ({ command }) => command ?? '-' },
];

/** Findings, the worst first: a row and the command under it for a person, tab-separated values for a program. */
export async function renderFindings(findings: readonly ShownFinding[], style: TextStyle): Promise<string> {
  const rows = findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  if (!style.ruled) return renderTable({ rows, columns: COLUMNS, empty: '' }, style);
  const checkWidth = Math.max(...rows.map(({ check }) => check.length));
  return rows.map((finding) => renderFinding(finding, style, checkWidth)).join('\n');
}

/** What is said at the end of findings that were shown as they were found: those that somebody has to see to, the worst first. */
export async function renderProblems(findings: readonly ShownFinding[], style: TextStyle): Promise<string> {
  const problems = findings.filter(({ level }) => level === 'error' || level === 'warning');
  return problems.length === 0 ? '' : `\n${await renderFindings(problems, style)}`;
}

/** A finding for a person, in as many lines as the terminal needs for it, and under it the command that fixes it. */
export function renderFinding(
  { level, check, message, command }: ShownFinding,
  { colour, width = Infinity }: TextStyle,
  checkWidth = CHECK_WIDTH,
): string {
  const paint = palette(colour);
  const isNarrow = width < NARROW;
  const indent = ' '.repeat(isNarrow ? 2 : LEVEL_WIDTH + checkWidth + 2);
  const [first = '', ...more] = wrapped(oneLine(message, MAX_LINE), Math.max(20, width - indent.length));
  const head = `${painted(level, paint)}${paint.bold(isNarrow ? check : check.padEnd(checkWidth))}`;
  const lines = [
    ...(isNarrow ? [head, `${indent}${first}`] : [`${head}  ${first}`]),
    ...more.map((line) => `${indent}${line}`),
    // A command is to be pasted: it stays in one line.
    ...(command === null ? [] : [`${indent}${paint.cyan(oneLine(command, MAX_LINE))}`]),
  ];
  return lines.join('\n');
}

function painted(level: Level, paint: ReturnType<typeof palette>): string {
  const text = level.padEnd(LEVEL_WIDTH);
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
