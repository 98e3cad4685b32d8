import type { ShownLine } from '../../domain/runs/run-log-lines.ts';
import type { Run } from '../../domain/runs/run-schema.ts';
import { usageError, unlessRefused } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { parseCount } from './kit.ts';

interface LogsOptions {
  readonly what: string | undefined;
  readonly follow: boolean;
  readonly json: boolean;
}

const DEFAULT_RUNS = 10;

/** Lists the last runs, or shows the log of one; with `follow` the exit code is its verdict. */
export async function logs({ context, exitWith }: Call, { what, follow, json }: LogsOptions): Promise<void> {
  if (what === undefined || /^\d+$/.test(what)) {
    if (follow && what !== undefined)
      throw usageError('--follow takes no number of runs', 'leave it out, to follow all');
    if (follow) return followEverything(context, json);
    await listRuns(context, parseCount(what, DEFAULT_RUNS), json);
    return;
  }
  const succeeded = await showLog(context, what, { follow, json });
  if (follow && !succeeded) exitWith(EXIT.failed);
}

/** Each line begins with whose it is. */
async function followEverything(context: CliContext, json: boolean): Promise<void> {
  const { followAll } = await import('../../domain/work/follow-all.ts');
  const { renderRunEntry } = await import('../views/run-entry.ts');
  const { palette } = await import('../views/palette.ts');
  const { terminal } = context;
  const { LiveLine } = await import('./live-line.ts');
  const live = new LiveLine(context);
  const colour = terminal.colour.out;
  if (!json) terminal.err('following all agents; Ctrl-C leaves them at work');
  await followAll(context, {
    signal: context.gracefulStop(),
    onSilence: async (name, run) => live.silent(run, shortName(name)),
    onLine(name, { line, entry }) {
      if (live.take(entry, shortName(name)) && !json) return;
      const text = json ? line() : renderRunEntry(entry, { colour });
      const prefix = json ? '' : `${palette(colour).cyan(shortName(name))} `;
      if (text !== undefined) terminal.out(text.replaceAll(/^/gm, prefix));
    },
  }).finally(() => live.clear());
}

/** An issue's ref without instance and owner. */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

async function listRuns(context: CliContext, count: number, json: boolean): Promise<void> {
  const { recentRuns } = await import('../../domain/runs/recent-runs.ts');
  const { reconcileRuns } = await import('../../domain/work/reconcile-runs.ts');
  const { clearOldLogs } = await import('../../domain/queue/clear.ts');
  // A home that cannot be written can be read.
  await reconcileRuns(context, { takeOver: false }).catch(unlessRefused);
  await clearOldLogs(context).catch(unlessRefused);
  const runs = await recentRuns(context, count);
  await printResult(context, {
    json,
    value: runs,
    text: async (style) => (await import('../views/sessions.ts')).renderRecentRuns(runs, style),
  });
}

/** @returns whether the run has succeeded; of a PM task that is followed, the task */
async function showLog(
  context: CliContext,
  subject: string,
  { follow, json }: Pick<LogsOptions, 'follow' | 'json'>,
): Promise<boolean> {
  const { readRunLog } = await import('../../domain/work/read-run-log.ts');
  const { followToEnd, lineWriter } = await import('./follow-task.ts');
  const { LiveLine } = await import('./live-line.ts');
  const { afterwardsText } = await import('../views/verdict.ts');
  const signal = context.gracefulStop();
  const live = new LiveLine(context);
  const write = lineWriter(context, json, follow ? live : undefined);
  const onSilence = async (now: Run): Promise<void> => live.silent(now);
  let ref: string | undefined;
  const onLine = (shown: ShownLine): void => {
    const { entry } = shown;
    // The PM agent's is a task.
    if (entry.from === 'kugetsu' && entry.record.event === 'started' && entry.record.kind !== 'pm') {
      ref = entry.record.subject;
    }
    write(shown);
  };
  const onTail = ({ host, run: id }: { readonly host: string; readonly run: string }): void =>
    context.terminal.err(
      `this is the end of the log; the whole log is on host ${host}; there, run: kugetsu logs ${id}`,
    );
  const options = { subject, follow, signal, onLine, onSilence, onTail };
  const run = await readRunLog(context, options).finally(() => live.clear());
  const succeeded = run?.verdict?.outcome === 'succeeded';
  if (follow && ref !== undefined && run !== undefined) context.terminal.err(`  ${afterwardsText(ref, run)}`);
  if (!follow || !succeeded || run.kind !== 'pm' || run.task == null) return succeeded;
  return followToEnd(context, run.task, { json, seen: [run.id], signal });
}
