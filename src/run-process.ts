import { endLiveGroups } from './adapters/process/live-groups.ts';
import { localOffset } from './adapters/local-offset.ts';
import { selfCommand } from './adapters/process/self-command.ts';
import { writeError } from './adapters/terminal.ts';
import { createContext } from './cli/context.ts';
import { runCli } from './cli/run.ts';
import { EXIT, type ExitCode } from './util/exit-codes.ts';
import { useOffset } from './util/time.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a command line in this process, which answers to signals from now on. @returns the exit code */
export async function runProcess(args: readonly string[]): Promise<ExitCode> {
  const stop = new AbortController();
  let graceful = false;
  useOffset(localOffset(process.env['TZ']));
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      endLiveGroups();
      if (!graceful) process.exit(EXIT.interrupted);
      stop.abort();
    });
  }
  return runCli({
    args,
    printError: writeError,
    debug: (process.env['KUGETSU_DEBUG'] ?? '') !== '',
    makeContext: async () =>
      createContext({
        env: process.env,
        cwd: process.cwd(),
        self: selfCommand(),
        gracefulStop() {
          graceful = true;
          return stop.signal;
        },
        interrupted: () => stop.signal.aborted,
      }),
  });
}
