import { resolve } from 'node:path';
import type { Rescued } from '../../domain/rescued/list-rescued.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plainText, plural } from '../../util/text.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';

const LIST_HINT = 'to see what there is, run: kugetsu rescued';

interface RescuedOptions {
  readonly what: string | undefined;
  readonly apply: boolean;
  readonly into: string | undefined;
  readonly json: boolean;
}

/** Lists what was saved, or with `apply` brings one thing back. */
export async function rescued({ context, exitWith }: Call, { what, apply, into, json }: RescuedOptions): Promise<void> {
  if (!apply && into !== undefined) throw usageError('--into needs --apply', 'give both, or neither');
  if (apply && what === undefined) throw usageError('--apply needs to know what', LIST_HINT);
  const { listRescued } = await import('../../domain/rescued/list-rescued.ts');
  const ref = what !== undefined && /#|^\d+$|:\/\//.test(what) ? await canonical(context, what) : undefined;
  const { found, problems } = await listRescued(context, ref);
  const chosen = ref === undefined && what !== undefined ? found.filter(({ id }) => id === what) : found;
  if (what !== undefined && chosen.length === 0 && (apply || ref === undefined)) throw nothing(what);
  if (apply) await applyOne(context, chosen, { into, json });
  else await print(context, chosen, json);
  for (const problem of problems) context.terminal.err(`kugetsu: ${plainText(problem)}`);
  if (problems.length > 0) exitWith(EXIT.failed);
}

async function canonical(context: CliContext, text: string): Promise<string> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  return formatIssueRef(await resolveIssueRef(context, text));
}

function nothing(what: string): AppError {
  return new AppError('not_rescued', words`nothing was saved as ${quoted(what, 200)}`, {
    hint: LIST_HINT,
  });
}

async function print(context: CliContext, found: readonly Rescued[], json: boolean): Promise<void> {
  const isNothing = found.length === 0 && !json;
  if (isNothing) return context.terminal.err('nothing was saved');
  await printResult(context, {
    json,
    value: found,
    text: async (style) => (await import('../views/rescued.ts')).renderRescued(found, style),
  });
}

async function applyOne(
  context: CliContext,
  chosen: readonly Rescued[],
  { into, json }: { readonly into: string | undefined; readonly json: boolean },
): Promise<void> {
  const [one, ...others] = chosen;
  if (one === undefined) return;
  if (others.length > 0) {
    throw usageError(
      `${plural(chosen.length, 'thing')} were saved for this issue: ${chosen.map(({ id }) => id).join(', ')}`,
      `choose one; for the newest, run: kugetsu rescued ${one.id} --apply`,
    );
  }
  const { bringBack } = await import('../../domain/rescued/bring-back.ts');
  const directory = into === undefined ? undefined : resolve(context.cwd, into);
  const back = await bringBack(context, one, directory);
  await printResult(context, { json, value: { id: one.id, ...back } });
  if (json) return;
  context.terminal.err(`brought ${one.id} back into ${back.directory}`);
  const { operation } = back;
  if (operation === null) return;
  context.terminal.err(
    operation.under_way
      ? `a git ${operation.name} is in progress there; to go on, run: ${operation.command}`
      : `a git ${operation.name} was in progress, and is not any more; to have it back, run: ${operation.command}`,
  );
}
