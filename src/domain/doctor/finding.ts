import type { Text } from '../../util/words.ts';

/** How much a finding matters: an `error` breaks something now, a `warning` may break it soon, the others inform. */
export type Level = 'error' | 'warning' | 'info' | 'ok';

/** Something that a check has to say. */
export interface Finding<Message extends Text = Text> {
  readonly level: Level;
  /** The stable name of the check. */
  readonly check: string;
  /** One line. */
  readonly message: Message;
  /** The command or the action that fixes it; null when there is nothing to fix or to do. */
  readonly command: string | null;
  /**
   * Fixes it, if that is safe: looks again first, takes the locks, and never touches uncommitted work.
   * @returns what was done, in one line
   * @throws when it could not be fixed
   */
  readonly repair?: Repair;
}

/** A finding as it is shown: its message has no secret in it. */
export type ShownFinding = Finding<string>;

export type Repair = () => Promise<string>;

/** The command that applies every repair that is safe. */
export const FIX = 'kugetsu doctor --fix';

/** A finding that needs nothing. */
export function fine<Message extends Text>(check: string, message: Message): Finding<Message> {
  return { level: 'ok', check, message, command: null };
}

/** A finding that informs. */
export function note<Message extends Text>(
  check: string,
  message: Message,
  command: string | null = null,
): Finding<Message> {
  return { level: 'info', check, message, command };
}

/** Something that is wrong and that `doctor --fix` fixes. */
export function fixable<Message extends Text>(
  level: Level,
  check: string,
  message: Message,
  repair: Repair,
): Finding<Message> {
  return { level, check, message, command: FIX, repair };
}

/** Something that is wrong and that only the user can fix; `command` says how. */
export function wrong<Message extends Text>(
  level: 'error' | 'warning',
  check: string,
  message: Message,
  command: string,
): Finding<Message> {
  return { level, check, message, command };
}
