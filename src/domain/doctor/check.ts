import type { StoredSession } from '../../adapters/engine/agent-engine.ts';
import type { Context } from '../queue/context.ts';
import type { Survey } from './survey.ts';
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

type Repair = () => Promise<string>;

/** The command that applies every repair that is safe. */
const FIX = 'kugetsu doctor --fix';

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

/** What checks receive: one survey of the home's files, shared by all of them, and opencode's answer, asked once. */
export interface CheckContext extends Context {
  readonly survey: Survey;
  /** What opencode has of the tracked sessions, by id. */
  readonly stored: () => Promise<ReadonlyMap<string, StoredSession>>;
  /** Aborts when the check has taken too long. */
  readonly signal: AbortSignal;
}

/** One thing that doctor looks at. */
export interface Check {
  /** The name that its findings have. */
  readonly name: string;
  /** Whether there is nothing to look at before `init`. */
  readonly needsHome: boolean;
  /** Undefined for the usual time. */
  readonly limitMs?: number;
  readonly run: (context: CheckContext) => Promise<Finding[]>;
}
