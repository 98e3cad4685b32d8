import { ISSUE_REF_FORM, messageArgument } from './kit.ts';
import type { Call, Registration } from '../registration.ts';
import type { AgentOptions } from './start-or-queue.ts';

const EXAMPLES = `
Examples:
  kugetsu start github.com/shoko/kugetsu#14 "fix the authentication bug"
  kugetsu start github.com/shoko/kugetsu#-discuss "look into ways to authenticate" --follow

The issue gets a clean worktree on branch fix/issue-<identifier>, and a fork of the base session in it. Work that an
earlier worktree of the issue still held is saved first; the command that brings it back is printed.
A branch that was pushed before is gone on with: the worktree begins from origin/fix/issue-<identifier>, unless all of it
is in the default branch. --fresh begins at the default branch, and saves what was pushed: the agent has to force its push.
A message that begins with - goes after --: kugetsu start github.com/shoko/kugetsu#14 -- "-v does not work"
Returns as soon as the agent is at work.
Exit codes: 0 at work or queued (with --follow: succeeded), 1 failed, 2 usage,
3 not ready (run kugetsu init), 4 no slot free or the issue is being worked on.`;

/** `kugetsu start` */
export function registerStart(registration: Registration): void {
  registration.program
    .command('start')
    .description('put an agent to work on an issue, in a clean worktree')
    .argument('<issue-ref>', ISSUE_REF_FORM)
    .argument('<message>', 'what the agent is to do; - reads it from standard input')
    .option('-f, --follow', 'show what the agent does, and exit with its verdict')
    .option('--fresh', 'begin at the default branch, whatever was pushed of the branch before')
    .option('--queue', 'when no agent slot is free, put the task in the queue instead')
    .option('--debug', "show each step, and have opencode's debug log in the run's log")
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (ref: string, message: string, options: AgentOptions) => start(registration, ref, message, options));
}

/** Puts an agent to work, and waits until it is, or with `follow` until it has ended. */
export async function start(
  { context }: Call,
  text: string,
  argument: string,
  options: AgentOptions = {},
): Promise<void> {
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const ref = await resolveIssueRef(context, text);
  const message = await messageArgument(context, argument);
  const { startOrQueue } = await import('./start-or-queue.ts');
  await startOrQueue(context, { ref, kind: 'start', message }, options);
}
