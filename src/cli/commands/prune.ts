import type { PruneItem } from '../../domain/prune/prune-item.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plainText } from '../../util/text.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { parseDays } from './kit.ts';

interface PruneOptions {
  readonly force?: boolean;
  readonly olderThan?: string;
  readonly merged?: boolean;
  readonly json?: boolean;
}

const HELP = `
What is looked for:
  session files that index.json does not name; what lies in worktrees/ and belongs to no tracked issue; what the bare
  repositories keep of worktrees that are gone; branches fix/issue-* of no tracked issue; sessions in opencode that
  kugetsu made for this home and needs no more; what writes, clones and runs that were cut off left behind.
With --older-than or --merged also issues that are done: no run is on, and no task waits for them. With both, both must hold.
  --older-than DAYS  the last run ended more than DAYS days ago
  --merged           the issue's branch has commits of its own, and they are in origin's default branch, which is fetched
                     first: its tip is, or all of its changes are (a squash or a rebase). A branch that was deleted
                     upstream is not merged for that reason alone.

Never: the base session, the PM agent, an issue with a run that is on, rescued/ and what was rescued, sessions of yours.
Work that nobody else has is saved first, and the command that brings it back is printed.

Examples:
  kugetsu prune                           show what can be deleted, why, and how much it takes
  kugetsu prune --force                   show it, and delete exactly that
  kugetsu prune --merged --older-than 7   with the issues that were merged, and had no run for a week

Columns: kind, name, bytes, reason.
Exit codes: 0 shown or deleted, 1 something could not be looked at or deleted, 2 usage, 3 not initialised,
4 with --force: an agent is at work in another container or on another machine, whose processes cannot be seen from here.`;

/** `kugetsu prune` */
export function registerPrune({ program, context, exitWith }: Registration): void {
  program
    .command('prune')
    .description('show what nothing needs any more, or delete it')
    .option('--force', 'delete it; without, nothing is changed')
    .option('--older-than <days>', 'also issues that have been done for more than this many days')
    .option('--merged', 'also issues that are done and merged upstream')
    .option('--json', 'print an object with items, bytes and problems')
    .addHelpText('after', HELP)
    .action(async ({ force = false, olderThan, merged = false, json = false }: PruneOptions) => {
      const olderThanDays = olderThan === undefined ? undefined : parseDays(olderThan);
      const { requireAllHere } = await import('../../domain/work/live-runs.ts');
      if (force) await requireAllHere(context);
      const { makePrunePlan } = await import('../../domain/prune/make-plan.ts');
      const { items, problems } = await makePrunePlan(context, { olderThanDays, merged });
      const done = force ? applyAndPrint : print;
      const failed = await done(context, { items, problems, json });
      for (const problem of problems) context.terminal.err(`kugetsu: ${plainText(problem)}`);
      if (!failed && problems.length === 0) return;
      context.terminal.err('  the rest was not held up by that; mend it and run the command again');
      exitWith(EXIT.failed);
    });
}

interface Plan {
  readonly items: readonly PruneItem[];
  readonly problems: readonly string[];
  readonly json: boolean;
}

async function print(context: CliContext, { items, problems, json }: Plan): Promise<boolean> {
  const { pruneJson, pruneTotal } = await import('../views/prune.ts');
  if (json) {
    context.terminal.out(pruneJson(items, { problems }));
    return false;
  }
  await printTable(context, items);
  context.terminal.err(
    items.length === 0 ? 'nothing to prune' : `${pruneTotal(items)}; kugetsu prune --force deletes them`,
  );
  return false;
}

/** @returns whether something could not be deleted */
async function applyAndPrint(context: CliContext, { items, problems, json }: Plan): Promise<boolean> {
  const { applyPrune } = await import('../../domain/prune/apply-prune.ts');
  const { savedLine } = await import('../views/rescued.ts');
  const { pruneJson, pruneTotal, renderPruneResult } = await import('../views/prune.ts');
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
  if (json) terminal.out(pruneJson(items, { problems, results }));
  else terminal.err(items.length === 0 ? 'nothing to prune' : `removed ${pruneTotal(removed)}`);
  return results.some(({ outcome }) => outcome === 'failed');
}

async function printTable({ terminal }: CliContext, items: readonly PruneItem[]): Promise<void> {
  const { renderPruneItems } = await import('../views/prune.ts');
  if (items.length > 0) terminal.out(renderPruneItems(items, { ruled: terminal.ruled, colour: terminal.colour.out }));
}
