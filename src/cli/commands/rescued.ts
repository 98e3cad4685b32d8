import { resolve } from 'node:path';
import type { Rescued } from '../../domain/rescued/list-rescued.ts';
import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plainText, plural } from '../../util/text.ts';
import { quoted, words } from '../../util/words.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';

interface RescuedOptions {
  readonly apply?: boolean;
  readonly into?: string;
  readonly json?: boolean;
}

const HELP = `
What is listed, the newest first: the refs on which work was saved before a worktree went, in every repository of the home
(an id with -branch has the commits of a branch, -git operations under way and commits on no branch, -stash an entry of the
stash, -bytes files as they were on disk, /pushed what was pushed of an issue), and the directories that were moved to rescued/.

--apply brings one back: into the worktree of its issue, as it was, with what was staged and the commits of its branch, when
that worktree is clean, on its branch, and has no commit that the saved work does not go on from; or into a new directory.
What was saved stays saved.

Examples:
  kugetsu rescued                                                       everything
  kugetsu rescued github.com/shoko/kugetsu#14                           what was saved of an issue
  kugetsu rescued github.com/shoko/kugetsu#14 --apply                   bring it back, when it is one thing
  kugetsu rescued github.com-shoko-kugetsu-14/20260401T101500000Z --apply --into ~/old

Columns: id, saved, issue ref, kind (commit or directory), bytes, subject.
Exit codes: 0 listed or brought back, 1 something is in the way, or there is nothing of that id, 2 usage, 4 an agent is at work.`;

/** `kugetsu rescued` */
export function registerRescued({ program, context, exitWith }: Registration): void {
  program
    .command('rescued')
    .description('list what was saved before it was removed, or bring it back')
    .argument('[what]', 'an issue ref, or an id that the list shows')
    .option('--apply', 'bring it back')
    .option('--into <directory>', 'with --apply: into a directory that is not there yet')
    .option('--json', 'print an array of objects; with --apply an object')
    .addHelpText('after', HELP)
    .action(async (what: string | undefined, { apply = false, into, json = false }: RescuedOptions) => {
      if (!apply && into !== undefined) throw usageError('--into is for --apply', 'give both, or none');
      if (apply && what === undefined)
        throw usageError('--apply needs to know what', 'kugetsu rescued lists what there is');
      const { listRescued } = await import('../../domain/rescued/list-rescued.ts');
      const ref = what?.includes('#') === true ? await canonical(context, what) : undefined;
      const { found, problems } = await listRescued(context, ref);
      const chosen = ref === undefined && what !== undefined ? found.filter(({ id }) => id === what) : found;
      if (what !== undefined && chosen.length === 0 && (apply || ref === undefined)) throw nothing(what);
      if (apply) await applyOne(context, chosen, { into, json });
      else await print(context, chosen, json);
      for (const problem of problems) context.terminal.err(`kugetsu: ${plainText(problem)}`);
      if (problems.length > 0) exitWith(EXIT.failed);
    });
}

async function canonical(context: CliContext, text: string): Promise<string> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  return formatIssueRef(await resolveIssueRef(context, text));
}

function nothing(what: string): AppError {
  return new AppError('not_rescued', words`nothing was saved as ${quoted(what, 200)}`, {
    hint: 'kugetsu rescued lists what there is',
  });
}

async function print(context: CliContext, found: readonly Rescued[], json: boolean): Promise<void> {
  const { terminal } = context;
  if (json) {
    terminal.out(JSON.stringify(found, null, 2));
    return;
  }
  if (found.length === 0) {
    terminal.err('nothing was saved');
    return;
  }
  const { renderRescued } = await import('../views/rescued.ts');
  terminal.out(renderRescued(found, { ruled: terminal.ruled, colour: terminal.colour.out }));
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
      `${plural(chosen.length, 'thing')} were saved of this issue: ${chosen.map(({ id }) => id).join(', ')}`,
      `choose one: kugetsu rescued ${one.id} --apply`,
    );
  }
  const { bringBack } = await import('../../domain/rescued/bring-back.ts');
  const directory = into === undefined ? undefined : resolve(context.cwd, into);
  const back = await bringBack(context, one, directory);
  if (json) context.terminal.out(JSON.stringify({ id: one.id, ...back }, null, 2));
  else context.terminal.err(`brought ${one.id} back into ${back.directory}`);
}
