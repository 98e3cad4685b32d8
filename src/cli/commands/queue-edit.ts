import { editText } from '../../adapters/process/edit-text.ts';
import { AppError, usageError } from '../../util/errors.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { messageArgument, shownTasks } from './kit.ts';

interface EditOptions {
  readonly task: string;
  readonly message: string | undefined;
  readonly json: boolean;
}

/** Gives a waiting task another message: that of `--message`, or what an editor leaves of the one that it has. */
export async function edit({ context }: Call, { task, message, json }: EditOptions): Promise<void> {
  const { editTask } = await import('../../domain/work/change-waiting-task.ts');
  const change = async (text: string): Promise<void> => {
    const item = await editTask(context, task, text);
    if (!json) context.terminal.err(`${item.id} has the new message`);
    await printResult(context, { json, value: (await shownTasks(context, [item]))[0] });
  };
  if (message === undefined) await inEditor(context, task, change);
  else await change(await messageArgument(context, message));
}

async function inEditor(context: CliContext, task: string, change: (text: string) => Promise<void>): Promise<void> {
  const { env, terminal } = context;
  if (!terminal.interactive) {
    throw usageError('there is no terminal for an editor', 'give the message: kugetsu queue edit TASK --message TEXT');
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
