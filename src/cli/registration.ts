import type { Command } from 'commander';
import type { ExitCode } from '../util/exit-codes.ts';
import type { CliContext } from './context.ts';

/** What the action of a command gets. */
export interface Call {
  readonly context: CliContext;
  /** Ends the command with another exit code than 0, without an error. */
  readonly exitWith: (code: ExitCode) => void;
}

/** What a command's `register` function gets. */
export interface Registration extends Call {
  readonly program: Command;
  /** Builds the whole command line, for commands that are about it. */
  readonly wholeProgram: () => Command;
}
