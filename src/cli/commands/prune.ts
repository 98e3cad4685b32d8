import type { PruneItem } from '../../domain/prune/prune-item.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plainText } from '../../util/text.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { parseDays } from './kit.ts';

interface PruneOptions {
  readonly force: boolean;
  readonly olderThan: string | undefined;
  readonly merged: boolean;
  readonly json: boolean;
}

/** Shows what is no longer used, or with `force` deletes exactly that. */
export async function prune({ context, exitWith }: Call, given: PruneOptions): Promise<void> {
  const { force, merged, json } = given;
  const olderThanDays = given.olderThan === undefined ? undefined : parseDays(given.olderThan);
  const { requireAllHere } = await import('../../domain/work/live-runs.ts');
  if (force) await requireAllHere(context);
  const { makePrunePlan } = await import('../../domain/prune/make-plan.ts');
  const { items, problems } = await makePrunePlan(context, { olderThanDays, merged });
  const done = force ? applyAndPrint : print;
  const failed = await done(context, { items, problems, json });
  for (const problem of problems) context.terminal.err(`kugetsu: ${plainText(problem)}`);
  if (!failed && problems.length === 0) return;
  context.terminal.err('  the rest was done; fix that, then run the command again');
  exitWith(EXIT.failed);
}

interface Plan {
  readonly items: readonly PruneItem[];
  readonly problems: readonly string[];
  readonly json: boolean;
}

async function print(context: CliContext, { items, problems, json }: Plan): Promise<boolean> {
  const { pruneValue, pruneTotal } = await import('../views/prune.ts');
  if (json) {
    await printResult(context, { json, value: pruneValue(items, { problems }) });
    return false;
  }
  await printTable(context, items);
  context.terminal.err(
    items.length === 0
      ? 'nothing to prune'
      : `${pruneTotal(items)}; to delete ${items.length === 1 ? 'it' : 'them'}, run: kugetsu prune --force`,
  );
  return false;
}

/** @returns whether something could not be deleted */
async function applyAndPrint(context: CliContext, { items, problems, json }: Plan): Promise<boolean> {
  const { applyPrune } = await import('../../domain/prune/apply-prune.ts');
  const { savedLine } = await import('../views/rescued.ts');
  const { pruneValue, pruneTotal, renderPruneResult } = await import('../views/prune.ts');
  const { terminal } = context;
  if (!json) await printTable(context, items);
  let done = 0;
  const say = (line: string): void => {
    terminal.progress('');
    terminal.err(line);
  };
  const results = await applyPrune(context, items, {
    onSaved: (way, about) => say(savedLine(way, about)),
    onResult(result) {
      const line = renderPruneResult(result);
      if (line !== undefined) say(`kugetsu: ${plainText(line)}`);
      terminal.progress(`pruned ${(done += 1)} of ${items.length}`);
    },
  });
  terminal.progress('');
  const removed = results.filter(({ outcome }) => outcome === 'removed').map(({ item }) => item);
  await printResult(context, { json, value: pruneValue(items, { problems, results }) });
  if (!json) terminal.err(items.length === 0 ? 'nothing to prune' : `removed ${pruneTotal(removed)}`);
  return results.some(({ outcome }) => outcome === 'failed');
}

async function printTable(context: CliContext, items: readonly PruneItem[]): Promise<void> {
  const { renderPruneItems } = await import('../views/prune.ts');
  if (items.length === 0) return;
  await printResult(context, { json: false, value: items, text: (style) => renderPruneItems(items, style) });
}
