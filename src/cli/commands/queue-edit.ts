import { editText } from '../../adapters/process/editor-and-pager.ts';
import type { When } from '../../domain/queue/enqueue.ts';
import { AppError, usageError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { messageArgument, shownTasks } from './kit.ts';
import { whenOf, type WhenOptions } from './task-options.ts';

interface EditOptions extends WhenOptions {
  readonly task: string;
  readonly message: string | undefined;
  readonly json: boolean;
}

/**
 * Gives a waiting task what the options say. Without any, another message: what an editor leaves of the one that it has.
 */
export async function edit({ context }: Call, given: EditOptions): Promise<void> {
  const { task, message, json } = given;
  const { editTask } = await import('../../domain/work/change-waiting-task.ts');
  const when = await changedWhen(context, given);
  const change = async (text: string | undefined): Promise<void> => {
    const item = await editTask(context, task, { message: text, when });
    if (!json)
      context.terminal.err(`${item.id} ${text === undefined ? 'has the new conditions' : 'has the new message'}`);
    await printResult(context, { json, value: (await shownTasks(context, [item]))[0] });
  };
  const isTimed = Object.values(when).some((value) => value !== undefined);
  if (message !== undefined) await change(await messageArgument(context, message));
  else if (isTimed) await change(undefined);
  else await inEditor(context, task, change);
}

/** What of its turn changes: `--after none` and `--at now` take a condition away. @throws AppError usage (exit code 2) */
async function changedWhen(context: CliContext, { priority, after, afterAny, at }: WhenOptions): Promise<When> {
  const none = after.includes('none');
  if (none && (after.length > 1 || afterAny)) {
    throw usageError('--after none leaves no task to come after', 'give --after none alone, or the tasks');
  }
  const given = await whenOf(context, {
    priority,
    after: none ? [] : after,
    afterAny: false,
    at: at === 'now' ? undefined : at,
  });
  return {
    ...given,
    ...(none ? { after: [] } : {}),
    ...(afterAny ? { afterAny } : {}),
    ...(at === 'now' ? { notBefore: null } : {}),
  };
}

async function inEditor(context: CliContext, task: string, change: (text: string) => Promise<void>): Promise<void> {
  const { env, terminal } = context;
  if (!terminal.interactive) {
    throw usageError('there is no terminal for an editor', 'run: kugetsu queue edit TASK --message TEXT');
  }
  const { findWaitingTask } = await import('../../domain/work/change-waiting-task.ts');
  const before = await findWaitingTask(context, task, 'queue edit');
  const path = `${context.home.editedMessage}-${before.id}.md`;
  const edited = await editText(env, { path, text: before.message });
  if ('failed' in edited) {
    throw new AppError('not_agreed', `${edited.failed}: ${task} is as it was`, {
      hint: 'set EDITOR, or give the message: --message TEXT',
    });
  }
  const text = edited.text.replace(/\n$/, '');
  if (text === before.message) {
    await edited.discard();
    terminal.err(`${task} is as it was`);
    return;
  }
  try {
    await change(text);
  } catch (error) {
    terminal.err(`what you typed is kept in ${path}`);
    throw error;
  }
  await edited.discard();
}
