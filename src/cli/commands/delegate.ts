import type { Call, Registration } from '../registration.ts';
import { messageArgument, printQueued } from './kit.ts';

interface DelegateOptions {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  kugetsu delegate "work on issue #14"
  kugetsu delegate "review PR #92 of github.com/shoko/kugetsu"

Returns at once; the task is on disk by then. The queue daemon hands it to the PM agent when an agent slot is free, and
the result comes back as a notification (kugetsu notify list).
A message that begins with - goes after --: kugetsu delegate -- "--verbose does not work"
Exit codes: 0 queued, 1 failed, 2 usage.`;

/** `kugetsu delegate` */
export function registerDelegate(registration: Registration): void {
  registration.program
    .command('delegate')
    .description('hand a task to the PM agent, through the queue')
    .argument('<message>', 'what is to be done; - reads it from standard input')
    .option('--json', 'print the queue item')
    .addHelpText('after', EXAMPLES)
    .action(async (message: string, options: DelegateOptions) => delegate(registration, message, options));
}

/** Queues a task for the PM agent, and prints its id. */
export async function delegate(
  { context }: Call,
  argument: string,
  { json = false }: DelegateOptions = {},
): Promise<void> {
  const { enqueue } = await import('../../domain/queue/enqueue.ts');
  const message = await messageArgument(context, argument);
  await printQueued(context, await enqueue(context, { ref: undefined, message }), json);
}
