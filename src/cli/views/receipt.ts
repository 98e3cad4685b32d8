import type { TextStyle } from '../print-result.ts';
import type { Receipt } from '../../domain/overview/receipt.ts';
import { oneLine, plainText } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import { wrapped } from './cells.ts';
import { palette } from './palette.ts';
import { outcomeColour } from './sessions.ts';
import { ago, shortCount, tildePath } from './short.ts';
import { verdictText } from './verdict.ts';

/** The facts of a receipt that have one line, with their titles. */
function facts(receipt: Receipt, style: TextStyle): readonly (readonly [title: string, text: string])[] {
  const { run, kind, issue_ref: ref, task, requested_at: asked, verdict, children } = receipt;
  const rows: readonly (readonly [string, string | null])[] = [
    ['for', ref ?? task],
    ['run', `${run} (${kind})`],
    ['task', ref === null ? null : task],
    ['asked', ago(asked, style)],
    ['took', tookText(receipt)],
    ['result', verdict === null ? 'at work' : verdictText(verdict)],
    ['check', checkText(verdict)],
    ['session', receipt.session],
    ['base', baseText(receipt)],
    ['model', receipt.model],
    ['opencode', receipt.opencode],
    ['branch', receipt.branch],
    ['worktree', receipt.worktree === null ? null : tildePath(receipt.worktree, style)],
    ['log', tildePath(receipt.log, style)],
    ...children.map((child) => ['started', `${child.issue_ref ?? child.id}: ${child.outcome ?? 'at work'}`] as const),
    ...receipt.ways_back.map((way) => ['saved', way] as const),
  ];
  return rows.flatMap(([title, text]) => (text === null ? [] : [[title, oneLine(text, 2000)] as const]));
}

function tookText({ requested_at: began, ended_at: ended }: Receipt): string | null {
  return ended === null ? null : formatDuration(Date.parse(ended) - Date.parse(began));
}

function baseText({ base_session: session, inherited_tokens: tokens }: Receipt): string | null {
  return session === null || tokens === null ? session : `${session} (${shortCount(tokens)} tokens inherited)`;
}

function checkText(verdict: Receipt['verdict']): string | null {
  const check = verdict?.evidence?.check;
  if (check === undefined) return null;
  const how = check.exit_code === 0 ? 'passed' : `failed (exit code ${check.exit_code ?? '-'})`;
  return `${check.command}: ${how} after ${formatDuration(check.ms)}`;
}

function commitLines({ commits }: Receipt): string[] {
  return commits.map(({ hash, subject }) => `${hash} ${oneLine(subject)}`);
}

function linesOf(text: string | null): string[] {
  return plainText(text ?? '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

const INDENT = 10;
const LEAST_ROOM = 20;
/** What somebody pastes stays in one piece. */
const WHOLE: ReadonlySet<string> = new Set(['worktree', 'log', 'saved']);

/** A receipt for a person: facts, then what the agent was asked, did and said. */
export function renderReceipt(receipt: Receipt, style: TextStyle): string {
  const paint = palette(style.colour);
  const room = Math.max(LEAST_ROOM, (style.width ?? Infinity) - 2);
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint.bold(title), ...lines.map((line) => `  ${line}`)];
  const told = (title: string, lines: readonly string[]): string[] =>
    block(
      title,
      lines.flatMap((line) => wrapped(line, room)),
    );
  return [
    ...facts(receipt, style).map(([title, text]) => {
      const width =
        style.width === undefined || WHOLE.has(title) ? Infinity : Math.max(LEAST_ROOM, style.width - INDENT);
      const look = title === 'result' ? outcomeColour(receipt.verdict?.outcome) : undefined;
      const lines = wrapped(text, width).map((line) => (look === undefined ? line : paint[look](line)));
      return `${paint.dim(title.padEnd(INDENT - 1))} ${lines.join(`\n${' '.repeat(INDENT)}`)}`;
    }),
    ...told('message', linesOf(receipt.message)),
    ...told('commits', commitLines(receipt)),
    ...block('files', linesOf(receipt.changes)),
    ...told('reply', linesOf(receipt.verdict?.reply ?? null)),
  ].join('\n');
}

/** The same in Markdown, without what means something on this machine alone; what others said is quoted. */
export function markdownReceipt(receipt: Receipt): string {
  const local: ReadonlySet<string> = new Set(['worktree', 'log', 'saved', 'session', 'base']);
  const rows = facts(receipt, { ruled: false, colour: false }).filter(([title]) => !local.has(title));
  const quote = (lines: readonly string[]): string[] => lines.map((line) => `> ${escaped(line)}`);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', `**${title}**`, '', ...lines];
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([title, text]) => `| ${title} | ${escaped(text)} |`),
    ...section('Message', quote(linesOf(receipt.message))),
    ...section(
      'Commits',
      commitLines(receipt).map((line) => `- ${escaped(line)}`),
    ),
    ...section(
      'Files',
      linesOf(receipt.changes).map((line) => `    ${line}`),
    ),
    ...section('Reply', quote(linesOf(receipt.verdict?.reply ?? null))),
  ].join('\n');
}

/** Text that is only text in Markdown: no markup, no mention of anybody, no reference to another issue. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|~]/g, '\\$&').replaceAll(/[@#](?=\w)/g, '$&\u200B');
}
