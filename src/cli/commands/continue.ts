import { ISSUE_REF_FORM, messageArgument } from './kit.ts';
import type { Registration } from '../registration.ts';
import type { AgentOptions } from './start-or-queue.ts';

const EXAMPLES = `
Example:
  kugetsu continue github.com/shoko/kugetsu#14 "add unit tests"

The agent goes on in the issue's session and worktree as they are; also after it was stopped or killed.
A message that begins with - goes after --: kugetsu continue github.com/shoko/kugetsu#14 -- "-v does not work"
Exit codes: 0 at work or queued (with --follow: succeeded), 1 failed or no session, 2 usage, 3 not ready,
4 no slot free or the issue is being worked on.`;

/** `kugetsu continue` */
export function registerContinue({ program, context }: Registration): void {
  program
    .command('continue')
    .description("give an issue's agent another message, in the same session and worktree")
    .argument('<issue-ref>', ISSUE_REF_FORM)
    .argument('<message>', 'what the agent is to do next; - reads it from standard input')
    .option('-f, --follow', 'show what the agent does, and exit with its verdict')
    .option('--queue', 'when no agent slot is free, put the task in the queue instead')
    .option('--debug', "show each step, and have opencode's debug log in the run's log")
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (text: string, argument: string, options: AgentOptions) => {
      const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
      const ref = await resolveIssueRef(context, text);
      const message = await messageArgument(context, argument);
      const { startOrQueue } = await import('./start-or-queue.ts');
      await startOrQueue(context, { ref, kind: 'continue', message }, options);
    });
}
