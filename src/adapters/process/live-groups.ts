const groups = new Set<number>();

/** Remembers a process group that must not outlive this process, until the returned function is called. */
export function rememberGroup(pid: number): () => void {
  groups.add(pid);
  return () => void groups.delete(pid);
}

/** Ends every group that is remembered; for a process that is about to exit on a signal. */
export function endLiveGroups(): void {
  for (const pid of groups) killGroup(pid, 'SIGTERM');
}

/** Sends a signal to a process group; one that is gone is fine. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}
