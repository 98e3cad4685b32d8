import type { ExitCode } from '../util/exit-codes.ts';
import type { CliContext } from './context.ts';

/** What the action of a command gets. */
export interface Call {
  readonly context: CliContext;
  /** Ends the command with another exit code than 0, without an error. */
  readonly exitWith: (code: ExitCode) => void;
}
