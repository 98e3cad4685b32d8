import { CommanderError } from 'commander';
import type { Terminal } from '../adapters/terminal.ts';
import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import { createProgram } from './program.ts';
import type { Request } from './request.ts';
import { refuseUnknownSubcommand } from './unknown-subcommand.ts';

/** What a command line asks for, or the exit code when it asks for help or has a mistake: then that has been printed. */
export async function parsedRequest(
  terminal: Pick<Terminal, 'out' | 'err'>,
  args: readonly string[],
): Promise<Request | ExitCode> {
  refuseUnknownSubcommand(args);
  let request: Request | undefined;
  const program = createProgram({ terminal, args, onRequest: (wanted) => (request = wanted) });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    // commander has printed what there is to say; only help and the version are no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    throw error;
  }
  return request ?? EXIT.done;
}
