/** How much a finding matters: an `error` keeps something from working, a `warning` may soon, the others inform. */
export type Level = 'error' | 'warning' | 'info' | 'ok';

/** Something that a check has to say. */
export interface Finding {
  readonly level: Level;
  /** The stable name of the check. */
  readonly check: string;
  /** One line. */
  readonly message: string;
  /** The command, or the deed, that mends it; null when there is nothing to mend or nothing to be done. */
  readonly command: string | null;
  /**
   * Mends it, when that is safe: looks again first, takes the locks, and never touches uncommitted work.
   * @returns what was done, in one line
   * @throws when it could not be mended
   */
  readonly repair?: Repair;
}

export type Repair = () => Promise<string>;

/** The command that applies every repair that is safe. */
export const FIX = 'kugetsu doctor --fix';

/** A finding that needs nothing. */
export function fine(check: string, message: string): Finding {
  return { level: 'ok', check, message, command: null };
}

/** A finding that informs. */
export function note(check: string, message: string, command: string | null = null): Finding {
  return { level: 'info', check, message, command };
}

/** Something that is wrong and that `doctor --fix` mends. */
export function mendable(level: Level, check: string, message: string, repair: Repair): Finding {
  return { level, check, message, command: FIX, repair };
}

/** Something that is wrong and that only the user can mend; `command` says how. */
export function wrong(level: 'error' | 'warning', check: string, message: string, command: string): Finding {
  return { level, check, message, command };
}
