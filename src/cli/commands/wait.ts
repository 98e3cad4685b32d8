import { usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { parseDuration } from '../../util/parse-time.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';

interface WaitOptions {
  readonly what: readonly string[];
  readonly timeout: string | undefined;
  readonly json: boolean;
}

/** Waits until what is named has ended, or all that is open; the exit code says whether all of it succeeded. */
export async function wait({ context, exitWith }: Call, { what, timeout, json }: WaitOptions): Promise<void> {
  const { waitFor } = await import('../../domain/work/wait-for.ts');
  const { terminal } = context;
  const timeoutMs = timeout === undefined ? undefined : limitOf(timeout);
  const names = what.length > 0 ? [...new Set(what)] : await allOpen(context);
  const signal = context.gracefulStop();
  if (!json && names.length > 0) terminal.err(`waiting for ${names.join(', ')}`);
  const ended = await waitFor(context, {
    names,
    timeoutMs,
    signal,
    onEnd: ({ name, outcome, class: why, message }) => {
      if (!json) terminal.out(`${name}\t${outcome}${outcome === 'succeeded' ? '' : `\t${why}: ${message}`}`);
    },
  });
  if (json) await printResult(context, { json, value: ended });
  if (ended.length < names.length) {
    const left = names.length - ended.length;
    terminal.err(`kugetsu: timed out: ${left} of ${names.length} not ended yet\n  run: kugetsu list`);
    exitWith(EXIT.timedOut);
  } else if (ended.some(({ outcome }) => outcome !== 'succeeded')) exitWith(EXIT.failed);
}

/** Everything that an agent has or that waits for one. */
async function allOpen(context: CliContext): Promise<string[]> {
  const { listOpenItems } = await import('../../domain/work/list-items.ts');
  const { liveRunSubjects } = await import('../../domain/work/live-runs.ts');
  const { items } = await listOpenItems(context);
  const names = new Set([...items.map(({ id }) => id), ...(await liveRunSubjects(context))]);
  if (names.size === 0) context.terminal.err('nothing is at work, and no task is open');
  return [...names];
}

/** @throws AppError usage (exit code 2) */
function limitOf(text: string): number {
  const ms = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
  if (ms !== undefined) return ms;
  throw usageError(words`not a duration: ${quoted(text, 40)}`, 'give 90s, 30m or 1h30m; a number alone is seconds');
}
