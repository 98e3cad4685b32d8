/** How this very program is started again: an executable and the arguments that come before its own. */
export interface SelfCommand {
  readonly executable: string;
  readonly prefix: readonly string[];
}

/** The command behind this process: the single binary itself, or Node with the bundle. */
export function selfCommand(): SelfCommand {
  const script = process.argv[1];
  // A compiled Bun binary shows its entry point under a virtual root.
  const compiled = script === undefined || script.startsWith('/$bunfs/') || script.startsWith('B:/~BUN/');
  return { executable: process.execPath, prefix: compiled ? [] : [script] };
}

/** The hidden subcommand that supervises a run. */
export const RUNNER_COMMAND = '__runner';

/** The hidden subcommand that brings notifications out of the home. */
export const COURIER_COMMAND = '__courier';
