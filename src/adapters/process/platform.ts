/** The system that this runs on: `linux`, `darwin`, … */
export function platformName(): string {
  return process.platform;
}

/** The number of the user whose process this is; 0 where users have none. */
export function userId(): number {
  return process.getuid?.() ?? 0;
}
