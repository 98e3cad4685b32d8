import type { RunLogEntry } from '../../domain/runs/run-log-lines.ts';
import { oneLine, plural } from '../../util/text.ts';

type AgentEvent = Extract<RunLogEntry, { from: 'agent' }>['event'];
type ToolUse = Extract<AgentEvent, { type: 'tool_use' }>;

/** How many of the last lines of a tool that failed are shown. */
const LAST_LINES = 5;
const TODOS: Readonly<Record<string, string>> = { completed: '[x]', in_progress: '[>]', cancelled: '[-]' };

/** Whether a tool did not do what it was asked, as the engine or the exit code of its command says. */
export function hasFailed({ status, exitCode }: ToolUse): boolean {
  return status === 'error' || (exitCode ?? 0) !== 0;
}

/** What a tool did, as lines for a person. */
export function toolText(event: ToolUse): string {
  const { tool, summary, exitCode } = event;
  const todos = tool === 'todowrite' ? todoLines(inputOf(event)) : [];
  if (todos.length > 0) return ['todo:', ...todos].join('\n');
  const what = oneLine(summary);
  if (!hasFailed(event)) return `${tool}: ${what}${changeText(event)}`;
  const how = exitCode === undefined || exitCode === 0 ? '' : ` (exit code ${exitCode})`;
  return [`${tool} failed${how}: ${what}`, ...lastLines(event)].join('\n');
}

/** The end of what a command printed; of a tool that says why it failed, that is its summary. */
function lastLines({ end = '', exitCode }: ToolUse): string[] {
  if (exitCode === undefined) return [];
  const lines = end.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-LAST_LINES).map((line) => `  ${oneLine(line)}`);
}

/** How many lines an edit adds and takes away. */
function changeText(event: ToolUse): string {
  const input = inputOf(event);
  const [before, after] = [textIn(input, 'oldString'), textIn(input, 'newString')];
  if (event.tool === 'edit' && before !== undefined && after !== undefined) return signs(changedLines(before, after));
  const content = textIn(input, 'content');
  if (event.tool === 'write' && content !== undefined) return ` (${plural(linesOf(content).length, 'line')})`;
  const patch = textIn(input, 'patchText');
  if (patch === undefined) return '';
  const lines = patch.split('\n').filter((line) => !/^(?:\+\+\+|---|\*\*\*)/.test(line));
  const count = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length;
  return signs({ added: count('+'), removed: count('-') });
}

interface Changed {
  readonly added: number;
  readonly removed: number;
}

function signs({ added, removed }: Changed): string {
  return ` (+${added} −${removed})`;
}

/** Without the lines at both ends that stay as they were. */
function changedLines(before: string, after: string): Changed {
  const [old, now] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  return { added: now.length - start - end, removed: old.length - start - end };
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function todoLines(input: unknown): string[] {
  const todos = valueIn(input, 'todos');
  if (!Array.isArray(todos)) return [];
  return todos.flatMap((todo: unknown) => {
    const content = textIn(todo, 'content');
    if (content === undefined) return [];
    return [`  ${TODOS[textIn(todo, 'status') ?? ''] ?? '[ ]'} ${oneLine(content)}`];
  });
}

function inputOf({ input }: ToolUse): unknown {
  try {
    return JSON.parse(input);
  } catch {
    // What was too long is not told.
    return undefined;
  }
}

function valueIn(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function textIn(value: unknown, key: string): string | undefined {
  const text = valueIn(value, key);
  return typeof text === 'string' ? text : undefined;
}
