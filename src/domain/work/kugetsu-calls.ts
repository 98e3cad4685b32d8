import * as z from 'zod/mini';
import type { AgentEvent } from '../../adapters/engine/agent-event.ts';
import { oneLine } from '../../util/text.ts';

/** A command line of the PM agent in which kugetsu is called. */
export interface KugetsuCall {
  /** Whether it is to put an agent to work, or a task into the queue. */
  readonly starts: boolean;
  readonly failed: boolean;
  /** What it said about that. */
  readonly said: string;
}

const CALLS = /(?:^|[\s;&|(/])kugetsu\s+(?!-)/;
const STARTS = /(?:^|[\s;&|(/])kugetsu\s+(?:start|continue|delegate|queue\s+enqueue)\b/;
// Their exit code is an answer, and not that they failed.
const ANSWERS = /(?:^|[\s;&|(/])kugetsu\s+(?:status|doctor|logs|queue-daemon\s+status|\S+\s+--help)\b/;
/** kugetsu's exit code for an issue that is being worked on. */
const BUSY = 4;

/** What a tool of the PM agent has called; undefined when that is not kugetsu, or nothing that can fail. */
export function kugetsuCall(event: AgentEvent): KugetsuCall | undefined {
  if (event.type !== 'tool_use') return undefined;
  const { output = '', exitCode } = event;
  const command = commandIn(event.input);
  const starts = STARTS.test(command);
  if (!starts && (!CALLS.test(command) || ANSWERS.test(command))) return undefined;
  if (exitCode === BUSY) return { starts, failed: false, said: '' };
  const complaint = output.split('\n').find((line) => /^kugetsu: |kugetsu.*not found/.test(line));
  // Behind a pipe the exit code is another program's.
  const failed = (exitCode ?? (event.status === 'error' ? 1 : 0)) !== 0 || complaint !== undefined;
  return { starts, failed, said: oneLine(complaint ?? output, 200) };
}

function commandIn(input: string): string {
  try {
    return z.looseObject({ command: z.string() }).parse(JSON.parse(input)).command;
  } catch {
    // It has no command line, or what was redacted in it went beyond one word.
    return '';
  }
}

/**
 * Why a PM agent that has started nothing has not done its task: what it called to start something has failed, or, when it
 * called nothing to do so, everything else that it called. Undefined when it did not want to start anything, or could.
 */
export function whyNothingStarted(calls: readonly KugetsuCall[]): string | undefined {
  const starting = calls.filter(({ starts }) => starts);
  const counted = starting.length > 0 ? starting : calls;
  const last = counted.at(-1);
  if (last === undefined || counted.some(({ failed }) => !failed)) return undefined;
  return `every kugetsu command of the PM agent failed${last.said === '' ? '' : `: ${last.said}`}`;
}
