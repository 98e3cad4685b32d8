import type { CliContext } from '../context.ts';

/** The message of a command line: the argument itself, or with `-` what comes on standard input. */
export async function messageArgument({ terminal }: CliContext, argument: string): Promise<string> {
  return argument === '-' ? terminal.readInput() : argument;
}
