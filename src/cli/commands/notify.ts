import type { Command } from 'commander';
import { usageError } from '../../util/errors.ts';
import { plural } from '../../util/text.ts';
import { quoted, said, words } from '../../util/words.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { helpNotes } from './kit.ts';

interface SendOptions {
  readonly type: string;
  readonly issueRef?: string;
  readonly json?: boolean;
}

/** `kugetsu notify …` */
export function registerNotify({ program, context }: Registration): void {
  const notify = program
    .command('notify')
    .description('see, clear and send notifications')
    .addHelpText('after', helpNotes(['kugetsu notify list', 'kugetsu notify clear'], '0 done, 1 failed, 2 usage'));
  registerNotifyList(notify, context);
  notify
    .command('clear')
    .description('mark all notifications as read')
    .addHelpText('after', helpNotes(['kugetsu notify clear'], '0 marked, 1 failed, 2 usage'))
    .action(async () => {
      const { markAllRead } = await import('../../domain/notifications/inbox.ts');
      context.terminal.err(`marked ${plural(await markAllRead(context), 'notification')} as read`);
    });
  registerNotifySend(notify, context);
}

function registerNotifyList(notify: Command, context: CliContext): void {
  notify
    .command('list', { isDefault: true })
    .description('list the unread notifications, oldest first')
    .option('--all', 'list the read ones, too')
    .option('--json', 'print an array of objects')
    .addHelpText(
      'after',
      '\nColumns: time, type, issue ref, task, message.\nTypes of kugetsu: task_queued, task_dequeued, task_waiting, task_started, task_completed, task_error, work_saved; agents send others.\nThe last 500 are kept, and every work_saved that was not read.',
    )
    .addHelpText(
      'after',
      helpNotes(['kugetsu notify list', 'kugetsu notify list --all --json'], '0 listed, 1 failed, 2 usage'),
    )
    .action(async ({ all = false, json = false }: { readonly all?: boolean; readonly json?: boolean }) => {
      const { listNotifications } = await import('../../domain/notifications/inbox.ts');
      const { renderNotifications } = await import('../views/notifications.ts');
      const found = await listNotifications(context, { all });
      const { ruled, colour } = context.terminal;
      const style = { ruled, colour: colour.out };
      context.terminal.out(json ? JSON.stringify(found, null, 2) : renderNotifications(found, style));
    });
}

function registerNotifySend(notify: Command, context: CliContext): void {
  notify
    .command('send')
    .description('send a notification; for agents that report')
    .argument('<message>', 'what to report')
    .option('--type <type>', 'lower-case letters and _', 'message')
    .option('--issue-ref <issue-ref>', 'the issue that it is about')
    .option('--json', 'print the notification')
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu notify send "PR #92 is ready for review" --issue-ref github.com/shoko/kugetsu#14'],
        '0 sent, 1 failed, 2 usage',
      ),
    )
    .action(async (message: string, { type, issueRef, json = false }: SendOptions) => {
      const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
      const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
      const { sendNotification } = await import('../../domain/notifications/inbox.ts');
      const { requireMessage } = await import('../../domain/issues/require-message.ts');
      const { parentTask } = await import('../../domain/queue/task-variable.ts');
      requireMessage(message);
      if (!/^[a-z][a-z_]{0,39}$/.test(type)) {
        throw usageError(words`not a type: ${quoted(type)}`, 'use lower-case letters and _, 40 at the most');
      }
      if (type === 'work_saved') throw usageError('work_saved is for work that kugetsu has saved', 'use another type');
      const issue_ref = issueRef === undefined ? null : formatIssueRef(await resolveIssueRef(context, issueRef));
      const task = parentTask(context.env) ?? null;
      const sent = await sendNotification(context, { type, message: [said(message, Infinity)], issue_ref, task });
      if (json) context.terminal.out(JSON.stringify(sent, null, 2));
    });
}
