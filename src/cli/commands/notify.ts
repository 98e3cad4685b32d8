import { usageError, AppError } from '../../util/errors.ts';
import { plural } from '../../util/text.ts';
import { quoted, said, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { parseCount, requireHost } from './kit.ts';
import { EXIT } from '../../util/exit-codes.ts';

interface ListOptions {
  readonly all: boolean;
  /** None for every one. */
  readonly type: readonly string[];
  readonly host: string | undefined;
  readonly limit: string | undefined;
  readonly json: boolean;
}

/** Prints the notifications. */
export async function listInbox({ context }: Call, { all, type, host, limit, json }: ListOptions): Promise<void> {
  if (host !== undefined) await requireHost(context, host);
  const most = parseCount(limit, Infinity);
  const wanted = (await context.queue.inbox.list({ all })).filter(
    (each) => (type.length === 0 || type.includes(each.type)) && (host === undefined || each.host === host),
  );
  const value = wanted.slice(-most);
  await printResult(context, {
    json,
    value,
    text: async (style) => (await import('../views/notifications.ts')).renderNotifications(value, style),
  });
}

/** Marks all notifications as read. */
export async function clearInbox({ context }: Call): Promise<void> {
  context.terminal.err(`marked ${plural(await context.queue.inbox.markAllRead(), 'notification')} as read`);
}

interface SendOptions {
  readonly message: string;
  readonly type: string;
  readonly issueRef: string | undefined;
  readonly json: boolean;
}

/** Sends a notification; it belongs to the task in whose run this was called. */
export async function sendToInbox({ context }: Call, { message, type, issueRef, json }: SendOptions): Promise<void> {
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const { requireMessage } = await import('../../domain/issues/issue-ref.ts');
  const { parentTask } = await import('../../domain/issues/task-id.ts');
  requireMessage(message);
  if (!/^[a-z][a-z_]{0,39}$/.test(type)) {
    throw usageError(words`not a type: ${quoted(type)}`, 'use lower-case letters and _, at most 40');
  }
  if (type === 'work_saved') throw usageError('work_saved is for work that kugetsu has saved', 'use another type');
  const issue_ref = issueRef === undefined ? null : formatIssueRef(await resolveIssueRef(context, issueRef));
  const task = parentTask(context.env) ?? null;
  const sent = await context.queue.inbox.send({ type, message: [said(message, Infinity)], issue_ref, task });
  await printResult(context, { json, value: sent });
}

/** Brings out of the home what waits for that. */
export async function courier({ context }: Call): Promise<void> {
  const { deliver } = await import('../../domain/notifications/deliver.ts');
  await deliver(context);
}

/** Sends one notification by each sink, and prints what came of it. */
export async function testSinks({ context, exitWith }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { trySinks } = await import('../../domain/notifications/try-sinks.ts');
  const outcomes = await trySinks(context);
  if (outcomes.length === 0) {
    throw new AppError('no_sink', 'no setting says where notifications are to go', {
      hint: 'run: kugetsu config set NOTIFY_WEBHOOK_URL URL, NOTIFY_COMMAND PROGRAM or NOTIFY_DESKTOP on',
      exit: EXIT.notReady,
    });
  }
  const text = (): string =>
    outcomes.map(({ sink, ok, detail }) => `${sink}\t${ok ? 'arrived' : 'failed'}\t${detail}`).join('\n');
  await printResult(context, { json, value: outcomes, text });
  if (outcomes.some(({ ok }) => !ok)) exitWith(EXIT.failed);
}
