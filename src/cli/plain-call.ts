import { RUNNER_COMMAND } from '../domain/runs/runner-command.ts';
import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import type { CliContext } from './context.ts';
import type { Call } from './registration.ts';

/** A command without options: its words, and how many arguments follow them. */
interface PlainCommand {
  readonly words: string;
  readonly takes: 0 | 1 | 2;
  readonly run: (call: Call, first: string, second: string) => Promise<void>;
}

/** The commands that are called most often, or that kugetsu calls itself. */
export const PLAIN_COMMANDS: readonly PlainCommand[] = [
  { words: '--version', takes: 0, run: printVersion },
  { words: '-V', takes: 0, run: printVersion },
  {
    words: 'delegate',
    takes: 1,
    run: async (call, message) => (await import('./commands/delegate.ts')).delegate(call, message),
  },
  {
    words: 'start',
    takes: 2,
    run: async (call, ref, message) => (await import('./commands/start.ts')).start(call, ref, message),
  },
  { words: RUNNER_COMMAND, takes: 1, run: async (call, id) => (await import('./commands/runner.ts')).runner(call, id) },
  { words: 'status', takes: 0, run: async (call) => (await import('./commands/status.ts')).status(call) },
  { words: 'list', takes: 0, run: async (call) => (await import('./commands/list.ts')).list(call) },
  { words: 'queue list', takes: 0, run: async (call) => (await import('./commands/queue-list.ts')).listQueue(call) },
  {
    words: 'queue-daemon run --background',
    takes: 0,
    run: async (call) => (await import('./commands/queue-daemon.ts')).runInForeground(call, { background: true }),
  },
];

/**
 * Runs a command line that is nothing but the words of a command and its arguments. To load the parser and to build what it
 * needs to know takes longer than most of these commands, and such a line leaves nothing to parse.
 *
 * @returns undefined, with nothing done, for any other command line
 */
export async function runPlainCall(context: CliContext, args: readonly string[]): Promise<ExitCode | undefined> {
  for (const { words, takes, run } of PLAIN_COMMANDS) {
    const named = words.split(' ');
    const own = args.slice(named.length);
    if (own.length !== takes || named.some((word, index) => args[index] !== word) || own.some(isOption)) continue;
    let code: ExitCode = EXIT.done;
    const exitWith = (wanted: ExitCode): void => {
      code = wanted;
    };
    const [first = '', second = ''] = own;
    await run({ context, exitWith }, first, second);
    return code;
  }
  return undefined;
}

function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}

async function printVersion({ context }: Call): Promise<void> {
  const { versionText } = await import('./version.ts');
  context.terminal.out(versionText());
}
