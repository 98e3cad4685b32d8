import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { pasteQuote } from '../../util/text.ts';
import type { CliContext } from '../context.ts';
import { ISSUE_REF_FORM } from './kit.ts';
import type { Registration } from '../registration.ts';

interface DestroyOptions {
  readonly yes?: boolean;
  readonly base?: boolean;
  readonly pmAgent?: boolean;
}

const EXAMPLES = `
Examples:
  kugetsu destroy github.com/shoko/kugetsu#14
  kugetsu destroy --pm-agent -y
  kugetsu destroy --base -y          the PM agent goes with it: it depends on the base session

Work that was never pushed or never committed is saved first, and the command that brings it back is printed.
Exit codes: 0 destroyed, 1 nothing to destroy or not agreed to, 2 usage, 4 an agent is at work,
130 the question was broken off (^C or ^D).`;

/** `kugetsu destroy` */
export function registerDestroy({ program, context }: Registration): void {
  program
    .command('destroy')
    .description('delete the session and the worktree of an issue')
    .argument('[issue-ref]', ISSUE_REF_FORM)
    .option('-y, --yes', 'do not ask; required without a terminal')
    .option('--base', "delete the base session and the PM agent's")
    .option('--pm-agent', "delete the PM agent's session")
    .addHelpText('after', EXAMPLES)
    .action(async (text: string | undefined, options: DestroyOptions) => {
      const { base = false, pmAgent = false } = options;
      if ([text !== undefined, base, pmAgent].filter(Boolean).length !== 1) {
        throw usageError(
          'destroy takes one of an issue ref, --base and --pm-agent',
          'kugetsu list shows what there is',
        );
      }
      if (text !== undefined) await destroyOneIssue(context, text, options);
      else await destroyCoordinator(context, base ? 'base' : 'pm_agent', options);
    });
}

async function destroyOneIssue(context: CliContext, text: string, options: DestroyOptions): Promise<void> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const { savedLine } = await import('../views/rescued.ts');
  const { destroyIssue } = await import('../../domain/work/destroy-issue.ts');
  const issue = await resolveIssueRef(context, text);
  await requireConsent(context, options, `Delete the session and the worktree of ${formatIssueRef(issue)}?`);
  const { worktree, sessions, pushed } = await destroyIssue(context, issue, async (way, about) =>
    context.terminal.err(savedLine(way, about)),
  );
  if (pushed) {
    const ref = pasteQuote(formatIssueRef(issue));
    context.terminal.err(`what was pushed and is not in the default branch is kept: kugetsu rescued ${ref}`);
  }
  const gone = [worktree, ...sessions].filter((part) => part !== null);
  context.terminal.err(`destroyed ${formatIssueRef(issue)}${gone.length === 0 ? '' : `: ${gone.join(', ')}`}`);
}

async function destroyCoordinator(
  context: CliContext,
  which: 'base' | 'pm_agent',
  options: DestroyOptions,
): Promise<void> {
  const { destroyCoordinators } = await import('../../domain/sessions/destroy-coordinators.ts');
  const what = which === 'base' ? "the base session and the PM agent's session" : "the PM agent's session";
  await requireConsent(context, options, `Delete ${what}?`);
  const deleted = await destroyCoordinators(context, which);
  context.terminal.err(`destroyed ${deleted.join(', ')}`);
}

async function requireConsent({ terminal }: CliContext, { yes }: DestroyOptions, question: string): Promise<void> {
  if (yes === true) return;
  if (!terminal.interactive)
    throw usageError('destroy asks first, and there is no terminal to ask on', 'give -y to agree');
  const answer = await terminal.confirm(question);
  if (answer === 'broken_off') {
    throw new AppError('interrupted', 'interrupted: nothing was destroyed', { exit: EXIT.interrupted });
  }
  if (answer === 'no') throw new AppError('not_agreed', 'nothing was destroyed');
}
