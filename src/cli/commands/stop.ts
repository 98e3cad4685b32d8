import type { Registration } from '../program.ts';
import { verdictText } from '../views/verdict.ts';

/** `kugetsu stop` */
export function registerStop({ program, context }: Registration): void {
  program
    .command('stop')
    .description("end an issue's agent and everything it started; session and worktree stay")
    .argument('<issue-ref>', 'instance/owner/repo#identifier')
    .addHelpText('after', '\nExit codes: 0 stopped, 1 nothing is at work on the issue, 2 usage.')
    .action(async (text: string) => {
      const { parseIssueRef } = await import('../../domain/issues/issue-ref.ts');
      const { stopIssue } = await import('../../domain/sessions/stop-issue.ts');
      const { verdict } = await stopIssue(context, parseIssueRef(text));
      if (verdict !== null) context.terminal.err(verdictText(verdict));
    });
}
