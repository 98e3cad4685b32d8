import { endLiveGroups } from './adapters/process/live-groups.ts';
import { localOffset } from './adapters/local-offset.ts';
import { selfCommand } from './adapters/process/self-command.ts';
import { writeError } from './adapters/terminal.ts';
import { createContext } from './cli/context.ts';
import { runCli } from './cli/run.ts';
import { EXIT } from './util/exit-codes.ts';
import { useOffset } from './util/time.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs kugetsu with the arguments of this process, and ends the process with the exit code. */
export async function main(): Promise<void> {
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
