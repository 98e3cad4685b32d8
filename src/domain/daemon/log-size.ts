/** The size in bytes at which the daemon's log is rotated; one older file is kept. */
export const MAX_LOG_BYTES = 1024 * 1024;
