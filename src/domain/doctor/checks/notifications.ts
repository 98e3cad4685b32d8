import { isAbsolute, join } from 'node:path';
import { findProgram, isProgram } from '../../../adapters/process/user.ts';
import { commandWords } from '../../../util/command-words.ts';
import { AppError } from '../../../util/errors.ts';
import { plural } from '../../../util/text.ts';
import { formatDuration } from '../../../util/time.ts';
import { said, words } from '../../../util/words.ts';
import { deliver } from '../../notifications/deliver.ts';
import { readOutbox, type Entry } from '../../notifications/outbox.ts';
import { sinkNames } from '../../notifications/sinks.ts';
import { type Check, type CheckContext, fine, fixable, wrong, type Finding } from '../check.ts';

const NAME = 'notifications';

/** For as long as no courier would still try, in milliseconds. */
const LONG_MS = 600_000;

/** Notifications go out of the home as the settings want it. */
export const notificationsCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    // The config check reports settings that cannot be read.
    const settings = await context.settings().catch(() => undefined);
    if (settings === undefined) return [];
    const found = [...(await commandFindings(context, settings.NOTIFY_COMMAND)), ...(await waitingFindings(context))];
    const sinks = sinkNames(settings);
    if (found.length > 0 || sinks.length === 0) return found;
    return [fine(NAME, `notifications go out by ${sinks.join(', ')}`)];
  },
};

async function commandFindings({ env }: CheckContext, command: string | undefined): Promise<Finding[]> {
  if (command === undefined) return [];
  const home = env['HOME'] ?? '/';
  const [program = ''] = commandWords(command, home);
  if (await canRun(program, { home, path: env['PATH'] ?? '' })) return [];
  const message = words`NOTIFY_COMMAND: ${said(program, 200)} cannot be run: there is no such program`;
  return [wrong('error', NAME, message, 'kugetsu config set NOTIFY_COMMAND PROGRAM, then kugetsu notify test')];
}

// It is run in the home directory of the user.
async function canRun(
  program: string,
  { home, path }: { readonly home: string; readonly path: string },
): Promise<boolean> {
  if (!program.includes('/')) return (await findProgram(program, path)) !== undefined;
  return isProgram(isAbsolute(program) ? program : join(home, program));
}

async function waitingFindings(context: CheckContext): Promise<Finding[]> {
  const overdue = await overdueIn(context);
  const [oldest] = overdue;
  if (oldest === undefined) return [];
  const age = formatDuration(context.clock.now() - Date.parse(oldest.notification.timestamp));
  const waits = overdue.length === 1 ? 'waits' : 'wait';
  const message = `${plural(overdue.length, 'notification')} ${waits} to go out, for up to ${age}`;
  return [fixable('warning', NAME, message, async () => sendNow(context))];
}

/** What has waited for long, oldest first. */
async function overdueIn(context: CheckContext): Promise<Entry[]> {
  const before = context.clock.now() - LONG_MS;
  return (await readOutbox(context)).filter(({ notification }) => Date.parse(notification.timestamp) < before);
}

async function sendNow(context: CheckContext): Promise<string> {
  await deliver(context);
  const left = await overdueIn(context);
  if (left.length === 0) return 'nothing waits to go out; kugetsu queue-daemon logs says what did not arrive';
  throw new AppError('locked', 'another process is bringing notifications out', {
    hint: 'run: kugetsu queue-daemon logs',
  });
}
