/** The exit codes that kugetsu documents; it never returns another one. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notReady: 3,
  busy: 4,
  /** What was waited for has not ended in time; as timeout(1). */
  timedOut: 124,
  interrupted: 130,
} as const;

/** One of the documented exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
