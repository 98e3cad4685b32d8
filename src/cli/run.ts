import { AppError, errnoOf, systemHint, wordsOf } from '../util/errors.ts';
import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import type { Redactor } from '../util/redaction.ts';
import { oneLine, plainText } from '../util/text.ts';
import { told } from '../util/words.ts';
import type { CliContext } from './context.ts';
import { plainRequest, withoutAlias } from './plain-call.ts';
import type { Request } from './request.ts';
import { warnOfRoot } from './warn-of-root.ts';
import type { ArgumentSpec, Given, OptionSpec, Value } from './table/entry.ts';

interface Cli {
  readonly args: readonly string[];
  /** Writes a line to standard error; there may be no context to do it. */
  readonly printError: (line: string) => void;
  /** Whether an internal error is to be shown with its stack. */
  readonly debug: boolean;
  readonly makeContext: () => Promise<CliContext>;
}

/** Runs one command line. The one place where an error becomes lines on standard error and an exit code. */
export async function runCli({ args: given, printError, debug, makeContext }: Cli): Promise<ExitCode> {
  const args = withoutAlias(given);
  let context: CliContext | undefined;
  try {
    context = await makeContext();
    warnOfRoot(context, args);
    const request = (await plainRequest(args)) ?? (await parsed(context, args));
    return typeof request === 'number' ? request : await perform(context, request);
  } catch (error) {
    const stack = debug && error instanceof Error ? [error.stack ?? ''] : [];
    const { text } = await redactorFor(context);
    const { lines, exit } = describe(error, context?.interrupted() === true, text);
    for (const line of [...lines, ...stack.map(text)]) printError(plainText(line));
    return exit;
  }
}

// What another program said may be part of an error.
async function redactorFor(context: CliContext | undefined): Promise<Redactor> {
  const { redactorOf } = await import('../domain/agent-env/redactor.ts');
  const { SHAPES_ONLY } = await import('../util/redaction.ts');
  return context === undefined ? SHAPES_ONLY : redactorOf(context);
}

async function parsed({ terminal }: CliContext, args: readonly string[]): Promise<Request | ExitCode> {
  const { parsedRequest } = await import('./parse.ts');
  return parsedRequest(terminal, args);
}

interface Failure {
  readonly lines: readonly string[];
  readonly exit: ExitCode;
}

function describe(error: unknown, interrupted: boolean, clean: Redactor['text']): Failure {
  if (error instanceof AppError && (!interrupted || error.code === 'interrupted')) {
    const message = told(wordsOf(error), clean);
    return {
      lines: [`kugetsu: ${message}`, ...(error.hint === undefined ? [] : [`  ${error.hint}`])],
      exit: error.exit,
    };
  }
  if (interrupted) return { lines: ['kugetsu: interrupted'], exit: EXIT.interrupted };
  const message = oneLine(told(wordsOf(error), clean), 500);
  const code = errnoOf(error);
  if (code !== undefined) {
    return {
      lines: [`kugetsu: ${message}`, `  ${systemHint(code)}`],
      exit: EXIT.failed,
    };
  }
  const lines = [`kugetsu: internal error: ${message}`, '  this is a bug in kugetsu; KUGETSU_DEBUG=1 shows where'];
  return { lines, exit: EXIT.failed };
}

/** Does what a command line asks for. @returns the exit code */
export async function perform(context: CliContext, request: Request): Promise<ExitCode> {
  const { command, given } = request;
  if (command.people !== undefined) {
    const { requireAgentMay } = await import('./agent-rights.ts');
    requireAgentMay(context, request);
  }
  let code: ExitCode = EXIT.done;
  const exitWith = (wanted: ExitCode): void => {
    code = wanted;
  };
  const act = await command.load();
  const full = await withFullIds(context, request);
  await act({ context: { ...context, fields: request.fields, wide: given['wide'] === true }, exitWith }, full);
  return code;
}

/** What a request is given, with whole ids where the table says that a task, or a run, is named: people type their ends. */
async function withFullIds(context: CliContext, { command, given }: Request): Promise<Given> {
  const full: Record<string, Value> = { ...given };
  for (const [name, spec] of Object.entries({ ...command.takes, ...command.options })) {
    const kinds = tasksOf(spec);
    const value = given[name];
    // To look ids up takes longer to load than most commands to run.
    if (kinds === undefined || value === undefined || typeof value === 'boolean' || value.length === 0) continue;
    const { fullId } = await import('../domain/work/named-id.ts');
    // Where a task of any state is named, so may a run be.
    const idOf = async (text: string): Promise<string> => fullId(context, text, { runs: kinds.includes('task') });
    full[name] = typeof value === 'string' ? await idOf(value) : await Promise.all(value.map(idOf));
  }
  return full;
}

/** The kinds of tasks that an argument or an option may name; undefined for one that names none. */
function tasksOf({ is }: ArgumentSpec | OptionSpec): readonly string[] | undefined {
  const live = typeof is === 'object' && 'live' in is ? is.live.filter((kind) => kind.endsWith('task')) : [];
  return live.length === 0 ? undefined : live;
}
