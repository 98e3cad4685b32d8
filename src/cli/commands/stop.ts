import type { Registration } from '../registration.ts';
import { helpNotes, ISSUE_REF_FORM } from './kit.ts';
import { verdictText } from '../views/verdict.ts';

/** `kugetsu stop` */
export function registerStop({ program, context }: Registration): void {
  program
    .command('stop')
    .description("end an issue's agent and everything it started; session and worktree stay")
    .argument('<issue-ref>', ISSUE_REF_FORM)
    .addHelpText(
      'after',
      helpNotes(['kugetsu stop github.com/shoko/kugetsu#14'], '0 stopped, 1 nothing is at work on the issue, 2 usage'),
    )
    .action(async (text: string) => {
      const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
      const { stopIssue } = await import('../../domain/work/stop-issue.ts');
      const { verdict } = await stopIssue(context, await resolveIssueRef(context, text));
      if (verdict !== null) context.terminal.err(verdictText(verdict));
    });
}
