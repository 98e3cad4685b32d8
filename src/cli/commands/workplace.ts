import { usageError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';

/** Prints where the worktree of an issue is. */
export async function printPath({ context }: Call, { ref }: { readonly ref: string }): Promise<void> {
  const { findWorkplace } = await import('../../domain/work/workplace.ts');
  context.terminal.out((await findWorkplace(context, ref)).path);
}

/** Opens opencode's terminal on an issue's session, and says afterwards what the worktree has to show. */
export async function attachTo(
  { context }: Call,
  { ref, stop }: { readonly ref: string; readonly stop: boolean },
): Promise<void> {
  const { terminal } = context;
  if (!terminal.interactive) {
    throw usageError('attach needs a terminal', 'without one, run: kugetsu continue ISSUE_REF MESSAGE --follow');
  }
  const { findWorkplace } = await import('../../domain/work/workplace.ts');
  const { attach } = await import('../../domain/work/attach.ts');
  const { evidenceText } = await import('../views/verdict.ts');
  const { pasteQuote } = await import('../../util/text.ts');
  const place = await findWorkplace(context, ref);
  const evidence = await attach(context, place, { stop });
  const state = evidence === null ? 'git cannot read its worktree' : evidenceText(evidence);
  terminal.err(`${place.ref}: ${state}\n  run: kugetsu diff ${pasteQuote(place.ref)}`);
}

interface ShowOptions {
  readonly what: string;
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Prints what a run was for, what came of it, and what there is to show. */
export async function show({ context }: Call, { what, markdown, json }: ShowOptions): Promise<void> {
  if (markdown && json) throw usageError('--markdown and --json are two forms of the same', 'give one of them');
  const { readReceipt } = await import('../../domain/overview/receipt.ts');
  const value = await readReceipt(context, what);
  const { markdownReceipt, renderReceipt } = await import('../views/receipt.ts');
  await printResult(context, {
    json,
    value,
    text: (style) => (markdown ? markdownReceipt(value) : renderReceipt(value, style)),
  });
}

interface DiffOptions {
  readonly ref: string;
  readonly stat: boolean;
  readonly json: boolean;
}

/** Columns of the lines for files where nobody's terminal says how many there are. */
const STAT_COLUMNS = 100;

/** Shows the commits of an issue and what is changed in its worktree; on a terminal through the user's pager. */
export async function diff({ context }: Call, { ref, stat, json }: DiffOptions): Promise<void> {
  const { findWorkplace, diffOf } = await import('../../domain/work/workplace.ts');
  const { terminal } = context;
  const place = await findWorkplace(context, ref);
  const columns = terminal.ruled ? terminal.columns : STAT_COLUMNS;
  const found = await diffOf(context, place, { stat: stat ? columns : undefined });
  const value = { issue_ref: place.ref, worktree: place.path, branch: place.session.branch, ...found };
  if (json) return printResult(context, { json, value });
  if (found.commits.length === 0 && found.text === '') {
    terminal.err(`${place.ref}: no commits, and nothing is changed`);
    return;
  }
  const { renderDiff } = await import('../views/diff.ts');
  await page(context, renderDiff(found, { colour: terminal.colour.out }));
}

async function page({ env, terminal }: CliContext, text: string): Promise<void> {
  if (terminal.ruled && text.split('\n').length > 1) {
    const { pageText } = await import('../../adapters/process/editor-and-pager.ts');
    const { terminalText } = await import('../../util/text.ts');
    if (await pageText(env, `${terminalText(text).trimEnd()}\n`)) return;
  }
  terminal.out(text);
}
