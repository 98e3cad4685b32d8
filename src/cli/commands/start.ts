import { AppError } from '../../util/errors.ts';
import { ISSUE_REF_FORM } from './issue-ref-form.ts';
import type { Call } from '../plain-call.ts';
import type { Registration } from '../program.ts';
import { messageArgument } from './message-argument.ts';

interface StartOptions {
  readonly follow?: boolean;
  readonly debug?: boolean;
  readonly queue?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  kugetsu start github.com/shoko/kugetsu#14 "fix the authentication bug"
  kugetsu start github.com/shoko/kugetsu#-discuss "look into ways to authenticate" --follow

The issue gets a clean worktree on branch fix/issue-<identifier>, and a fork of the base session in it. Work that an
earlier worktree of the issue still held is saved first; the command that brings it back is printed.
A message that begins with - goes after --: kugetsu start github.com/shoko/kugetsu#14 -- "-v does not work"
Returns as soon as the agent is at work.
Exit codes: 0 at work (with --follow: succeeded), 1 failed, 2 usage,
3 not ready (run kugetsu init), 4 no slot free or the issue is being worked on.`;

/** `kugetsu start` */
export function registerStart(registration: Registration): void {
  registration.program
    .command('start')
    .description('put an agent to work on an issue, in a clean worktree')
    .argument('<issue-ref>', ISSUE_REF_FORM)
    .argument('<message>', 'what the agent is to do; - reads it from standard input')
    .option('-f, --follow', 'show what the agent does, and exit with its verdict')
    .option('--queue', 'when no agent slot is free, put the task in the queue instead')
    .option('--debug', "show each step, and have opencode's debug log in the run's log")
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (ref: string, message: string, options: StartOptions) => start(registration, ref, message, options));
}

/** Puts an agent to work, and waits until it is, or with `follow` until it has ended. */
export async function start(
  { context }: Call,
  text: string,
  argument: string,
  options: StartOptions = {},
): Promise<void> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { resolveIssueRef } = await import('../../domain/servers/resolve-issue-ref.ts');
  const { startIssue } = await import('../../domain/sessions/start-issue.ts');
  const issue = await resolveIssueRef(context, text);
  const message = await messageArgument(context, argument);
  const { follow = false, debug = false, json = false } = options;
  try {
    const run = await startIssue(context, { ref: issue, kind: 'start', message, debug });
    const { watchRun } = await import('./watch-run.ts');
    await watchRun(context, { ref: formatIssueRef(issue), run, follow, debug, json });
  } catch (error) {
    const { parentTask } = await import('../../domain/queue/task-variable.ts');
    // The PM agent cannot wait for a slot, so what it starts is queued by itself.
    const mayQueue = options.queue === true || parentTask(context.env) !== undefined;
    if (!mayQueue || !(error instanceof AppError) || error.code !== 'no_slot') throw error;
    const { enqueue } = await import('../../domain/queue/enqueue.ts');
    const { printQueued } = await import('./print-queued.ts');
    const item = await enqueue(context, { ref: issue, message });
    context.terminal.err(`no agent slot is free: queued as ${item.id}`);
    await printQueued(context, item, json);
  }
}
