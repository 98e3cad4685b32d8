import type { ToldReason } from '../../domain/daemon/explain-queue.ts';
import { isWaitingForChildren } from '../../domain/queue/advance.ts';
import type { QueueItem } from '../../domain/queue/queue-item.ts';
import { silenceWords } from '../../domain/queue/reason-words.ts';
import type { OtherHost } from '../../domain/queue/why-tasks-wait.ts';
import { oneLine } from '../../util/text.ts';
import type { TextStyle } from '../print-result.ts';
import { cutEnd, widthOf, wrapped } from './cells.ts';

/** A task with what is so of it now. */
export interface Explained {
  readonly id: string;
  readonly state: QueueItem['state'];
  readonly issue_ref: string | null;
  readonly message: string;
  /** What is so, in a sentence. */
  readonly summary: string;
  /** All that it waits for, in order; nothing when it begins at the daemon's next look, or does not wait. */
  readonly reasons: readonly ToldReason[];
}

/** A task with what is so of it, from what it waits for. @param claimer the other host that has claimed it, if one has */
export function explainedTask(item: QueueItem, reasons: readonly ToldReason[], claimer?: OtherHost): Explained {
  const { id, state, issue_ref, message } = item;
  return { id, state, issue_ref, message, summary: summaryOf(item, reasons, claimer), reasons };
}

/** What is so of tasks, for a person: under each its reasons, each with the command that changes it. */
export function renderExplained(tasks: readonly Explained[], { width = Infinity }: TextStyle): string {
  const indented = (text: string): string[] => wrapped(text, width - INDENT).map((line) => `  ${line}`);
  return tasks
    .map((task) => {
      const reasons = task.reasons.flatMap(({ text, command }) => [...indented(text), `    run: ${command}`]);
      return [...headLines(task, width), ...indented(task.summary), ...reasons].join('\n');
    })
    .join('\n\n');
}

const INDENT = 2;
const LONGEST_MESSAGE = 60;
/** With less room than that beside it a message has a line of its own. */
const LEAST_ROOM = 20;

function headLines({ id, issue_ref: ref, message }: Explained, width: number): string[] {
  const name = ref ?? '(pm-agent)';
  const head = `${id}  ${name}`;
  const room = width - widthOf(head) - INDENT;
  const text = oneLine(message, LONGEST_MESSAGE);
  if (room >= LEAST_ROOM) return [`${head}  ${cutEnd(text, room)}`];
  const heads = room >= -INDENT ? [head] : [id, `  ${name}`];
  return [...heads, `  ${cutEnd(text, width - INDENT)}`];
}

/** The first thing that a task waits for, as a column shows it. */
export function reasonColumn(item: QueueItem, reasons: readonly ToldReason[] | undefined): string {
  if (item.state === 'pending') return reasons?.[0]?.text ?? 'begins at the next look of the daemon';
  return item.state === 'notified' ? summaryOf(item, []) : '-';
}

function summaryOf(item: QueueItem, reasons: readonly ToldReason[], claimer?: OtherHost): string {
  const { state, failure, run_id: runId, children, id, cancelled } = item;
  if (state === 'completed') return 'completed';
  if (state === 'error')
    return `${failure?.class ?? 'error'}: ${failure?.message ?? ''}; run: kugetsu queue retry ${id}`;
  if (state === 'pending') {
    return reasons.length === 0 ? 'begins at the next look of the daemon' : 'waits, because:';
  }
  if (isWaitingForChildren(item)) {
    const open = children
      .filter(({ outcome }) => outcome === null)
      .map(({ id: child, issue_ref: ref }) => ref ?? child);
    return `its PM agent is done; waits for ${open.join(', ')}`;
  }
  const ending = cancelled == null ? '' : ', and will not be tried again: it was cancelled';
  const run = `run ${runId ?? '(being claimed)'}${ending}`;
  if (claimer === undefined) return `an agent has it: ${run}`;
  return `an agent has it on host ${claimer.host}: ${run}${silenceWords(claimer)}`;
}
