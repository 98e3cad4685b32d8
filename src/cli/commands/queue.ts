import type { Command } from 'commander';
import { plural } from '../../util/text.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { helpNotes, ISSUE_REF_FORM, messageArgument, printQueued } from './kit.ts';
import { listQueue, soundItems, STATES, type QueueListOptions } from './queue-list.ts';

interface JsonOption {
  readonly json?: boolean;
}

interface EnqueueOptions extends JsonOption {
  readonly fresh?: boolean;
}

const STATE_HELP = `
States:
  pending     waits in the queue
  notified    an agent has it
  completed   done
  error       given up; the failure says why`;

/** `kugetsu queue …` */
export function registerQueue(registration: Registration): void {
  const { program, context } = registration;
  const queue = program
    .command('queue')
    .description('see and change the task queue')
    .addHelpText(
      'after',
      helpNotes(
        [
          'kugetsu queue enqueue github.com/shoko/kugetsu#14 "add unit tests"',
          'kugetsu queue list --state error',
          'kugetsu queue stats',
        ],
        '0 done, 1 failed, 2 usage',
      ),
    );
  registerEnqueue(queue, context);
  registerQueueList(queue, registration);
  registerQueueStats(queue, registration);
  registerQueueClear(queue, context);
}

function registerEnqueue(queue: Command, context: CliContext): void {
  queue
    .command('enqueue')
    .description("put a task for an issue's agent into the queue")
    .argument('<issue-ref>', ISSUE_REF_FORM)
    .argument('<message>', 'what the agent is to do; - reads it from standard input')
    .option('--fresh', 'start the issue anew at the default branch, whatever session it has and whatever was pushed')
    .option('--json', 'print the queue item')
    .addHelpText(
      'after',
      '\nExample:\n  kugetsu queue enqueue github.com/shoko/kugetsu#14 "add unit tests"\n\nThe daemon continues the issue\'s session if there is one, else starts it.\nA message that begins with - goes after --.\nExit codes: 0 queued, 1 failed, 2 usage.',
    )
    .action(async (text: string, argument: string, { json = false, fresh = false }: EnqueueOptions) => {
      const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
      const { enqueue } = await import('../../domain/queue/enqueue.ts');
      const ref = await resolveIssueRef(context, text);
      const message = await messageArgument(context, argument);
      await printQueued(context, await enqueue(context, { ref, message, fresh }), json);
    });
}

function registerQueueList(queue: Command, registration: Registration): void {
  queue
    .command('list')
    .description('list the tasks, oldest first')
    .option('--state <state>', `only those that are ${STATES.join(', ')}`)
    .option('--json', 'print an array of items')
    .addHelpText('after', `${STATE_HELP}\n\nColumns: id, state, attempts, issue ref, message, failure.`)
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu queue list', 'kugetsu queue list --state error --json'],
        '0 listed, 1 a task file cannot be read (named on standard error), 2 usage',
      ),
    )
    .action(async (options: QueueListOptions) => listQueue(registration, options));
}

function registerQueueStats(queue: Command, registration: Registration): void {
  const { context } = registration;

  queue
    .command('stats')
    .description('count the tasks by state')
    .option('--json', 'print an object')
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu queue stats --json'],
        '0 counted, 1 a task file cannot be read (named on standard error), 2 usage',
      ),
    )
    .action(async ({ json = false }: JsonOption) => {
      const items = await soundItems(registration);
      const counts = STATES.map((state) => [state, items.filter((item) => item.state === state).length] as const);
      const stats = { total: items.length, ...Object.fromEntries(counts) };
      const lines = Object.entries(stats).map(([name, count]) => `${name}\t${count}`);
      context.terminal.out(json ? JSON.stringify(stats) : lines.join('\n'));
    });
}

function registerQueueClear(queue: Command, context: CliContext): void {
  queue
    .command('clear')
    .description('remove finished tasks that are older than QUEUE_CLEANUP_AGE_DAYS; the daemon does it too')
    .option('--all-finished', 'remove every finished task, however new')
    .option('--json', 'print the ids of the removed tasks')
    .addHelpText(
      'after',
      helpNotes(['kugetsu queue clear', 'kugetsu queue clear --all-finished'], '0 removed, 1 failed, 2 usage'),
    )
    .action(async ({ allFinished = false, json = false }: JsonOption & { readonly allFinished?: boolean }) => {
      const { clearOldItems } = await import('../../domain/queue/clear.ts');
      const removed = await clearOldItems(context, { all: allFinished });
      if (json) context.terminal.out(JSON.stringify(removed));
      else context.terminal.err(`removed ${plural(removed.length, 'finished task')}`);
    });
}
