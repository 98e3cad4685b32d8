import { endLiveGroups } from './adapters/process/live-groups.ts';
import { selfCommand } from './adapters/process/self-command.ts';
import { writeError } from './adapters/terminal.ts';
import { createContext } from './cli/context.ts';
import { runCli } from './cli/run.ts';
import { EXIT } from './util/exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs kugetsu with the arguments of this process, and ends the process with the exit code. */
export async function main(): Promise<void> {
  const stop = new AbortController();
  let graceful = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      endLiveGroups();
      if (!graceful) process.exit(EXIT.interrupted);
      stop.abort();
    });
  }
  const code = await runCli({
    args: process.argv.slice(2),
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
  process.exitCode = code;
}
