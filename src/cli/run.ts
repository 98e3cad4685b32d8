import { CommanderError } from 'commander';
import { AppError, errnoOf, messageOf } from '../util/errors.ts';
import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import { plainText } from '../util/text.ts';
import type { CliContext } from './context.ts';
import { createProgram } from './program.ts';

/**
 * Runs one command line. The one place where an error becomes lines on standard error and an exit code.
 *
 * @param args the arguments after the program's name
 */
export async function runCli(args: readonly string[], makeContext: () => Promise<CliContext>): Promise<ExitCode> {
  let context: CliContext | undefined;
  try {
    context = await makeContext();
    const { program, exitCode } = createProgram(context);
    await program.parseAsync([...args], { from: 'user' });
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return commanderExit(error);
    return report(error, context);
  }
}

// commander has printed what there is to say; only help and the version are no mistake.
function commanderExit({ exitCode }: CommanderError): ExitCode {
  return exitCode === 0 ? EXIT.done : EXIT.usage;
}

function report(error: unknown, context: CliContext | undefined): ExitCode {
  const say = (line: string): void => (context === undefined ? undefined : context.terminal.err(plainText(line)));
  if (context?.interrupted() === true && !(error instanceof AppError && error.code === 'interrupted')) {
    say('kugetsu: interrupted');
    return EXIT.interrupted;
  }
  if (error instanceof AppError) {
    say(`kugetsu: ${error.message}`);
    if (error.hint !== undefined) say(`  ${error.hint}`);
    return error.exit;
  }
  const system = systemFailure(error);
  if (system === undefined) throw error;
  say(`kugetsu: ${system.message}`);
  say(`  ${system.hint}`);
  return EXIT.failed;
}

const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room and run the command again; no file was left half-written',
  EDQUOT: 'the disk quota is used up: make room and run the command again; no file was left half-written',
  EROFS: 'the file system is read-only; KUGETSU_DIR can name another directory',
  EACCES: 'check who owns that path and its mode; KUGETSU_DIR can name another directory',
  EPERM: 'check who owns that path and its mode; KUGETSU_DIR can name another directory',
  ENOTDIR: 'a file stands where a directory is needed',
  EISDIR: 'a directory stands where a file is needed',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
  ENOENT: 'a path that should be there is not: is the current directory, or the home, gone?',
};

function systemFailure(error: unknown): { readonly message: string; readonly hint: string } | undefined {
  const code = errnoOf(error);
  const hint = code === undefined ? undefined : SYSTEM_HINTS[code];
  return hint === undefined ? undefined : { message: messageOf(error), hint };
}
