import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import type { CliContext } from './context.ts';
import { createProgram } from './program.ts';
import { refuseUnknownSubcommand } from './unknown-subcommand.ts';

/** Parses a command line and runs the command that it names. @returns the exit code, also of a mistake in the line */
export async function runProgram(context: CliContext, args: readonly string[]): Promise<ExitCode> {
  const { program, exitCode } = createProgram(context, args);
  refuseUnknownSubcommand(program, args);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return commanderExit(error);
    throw error;
  }
}

// commander has printed what there is to say; only help and the version are no mistake.
function commanderExit({ exitCode }: CommanderError): ExitCode {
  return exitCode === 0 ? EXIT.done : EXIT.usage;
}
