/** The hidden subcommand that supervises a run. */
export const RUNNER_COMMAND = '__runner';
