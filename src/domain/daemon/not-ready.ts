/** How long a task that kugetsu was not ready for waits, in milliseconds. */
export const NOT_READY_WAIT_MS = 60_000;
