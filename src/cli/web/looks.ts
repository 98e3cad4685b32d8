import { redactorOf } from '../../domain/agent-env/redactor.ts';
import { readReceipt, type Receipt } from '../../domain/overview/receipt.ts';
import type { Context } from '../../domain/queue/context.ts';
import { diffOf, findWorkplace } from '../../domain/work/workplace.ts';
import { plainText } from '../../util/text.ts';
import { verdictText } from '../views/verdict.ts';

/** What has been done in the worktree of an issue, without secrets. */
interface PageDiff {
  readonly ref: string;
  readonly branch: string | null;
  readonly commits: readonly { readonly hash: string; readonly subject: string }[];
  readonly text: string;
  /** Whether the end of the text is left out. */
  readonly cut: boolean;
}

/** More of a patch nobody reads in a page. In characters. */
const MOST_SHOWN = 400_000;
/** And no more of it is searched for secrets. */
const MOST_READ = 2_000_000;

/** The diff of an issue for the page. @throws what `diff` throws */
export async function readDiff(context: Context, of: string): Promise<PageDiff> {
  const place = await findWorkplace(context, of);
  const { commits, text } = await diffOf(context, place);
  const { text: clean } = await redactorOf(context);
  const whole = clean(plainText(upToLine(text, MOST_READ)));
  const shown = upToLine(whole, MOST_SHOWN);
  return {
    ref: place.ref,
    branch: place.session.branch,
    commits: commits.map(({ hash, subject }) => ({ hash, subject: clean(subject) })),
    text: shown,
    cut: text.length > MOST_READ || shown.length < whole.length,
  };
}

function upToLine(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, text.lastIndexOf('\n', most) + 1);
}

/** A receipt for the page, with the verdict in words. */
interface PageReceipt extends Omit<Receipt, 'verdict'> {
  readonly result: string;
  readonly outcome: string | null;
  readonly reply: string | null;
  readonly steps: number;
  readonly cost: number;
}

/** The receipt of an issue, a task or a run for the page. @throws what {@link readReceipt} throws */
export async function readPageReceipt(context: Context, of: string): Promise<PageReceipt> {
  const { verdict, ...receipt } = await readReceipt(context, of);
  const { text: clean } = await redactorOf(context);
  return {
    ...receipt,
    result: verdict === null ? 'at work' : clean(verdictText(verdict)),
    outcome: verdict?.outcome ?? null,
    reply: verdict?.reply ?? null,
    steps: verdict?.steps ?? 0,
    cost: verdict?.cost ?? 0,
  };
}
