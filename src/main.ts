import { processTerminal } from './adapters/terminal.ts';
import { isLongVersionCall, isVersionCall, versionText } from './cli/version.ts';

/** Runs kugetsu with the arguments of this process, and ends the process with the exit code. */
export async function main(): Promise<void> {
  const args = process.argv.slice(2);
  // This line is called in every set-up, needs nothing else, and works where nothing else does.
  if (isVersionCall(args)) {
    processTerminal(process.env).out(versionText());
    return;
  }
  if (isLongVersionCall(args)) {
    const { TESTED_WITH } = await import('./adapters/opencode/opencode-version.ts');
    processTerminal(process.env).out([versionText(), ...TESTED_WITH].join('\n'));
    return;
  }
  const { runProcess } = await import('./run-process.ts');
  process.exitCode = await runProcess(args);
}
