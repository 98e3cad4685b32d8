import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import type { CliContext } from './context.ts';
import type { Request } from './request.ts';

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
  await act({ context, exitWith }, given);
  return code;
}
