import { usageError } from '../../util/errors.ts';

/** @throws AppError usage (exit code 2) for a message that says nothing or that opencode could not be given */
export function requireMessage(message: string): void {
  if (message.trim() === '') throw usageError('the message is empty', 'say what the agent is to do');
  if (message.includes('\0')) throw usageError('the message contains a NUL character', 'give plain text');
}
