import type { Listed } from '../../fake-world.ts';
import type { Reply } from '../../scripted-model.ts';
import type { Outcome, World } from '../../world.ts';

/** What kugetsu notices a failure by; the settings are deadlines. */
export type NoticedBy =
  | 'AGENT_STARTUP_TIMEOUT_SECONDS'
  | 'AGENT_STALL_TIMEOUT_MINUTES'
  | 'AGENT_TIMEOUT_MINUTES'
  | 'the third one'
  | 'the end of opencode'
  | 'the check of the fork'
  | 'the check of opencode';

/** What kugetsu is to say of a run. */
export interface Expected {
  /** `refused` when nothing was begun: there is no run to list. */
  readonly outcome: 'succeeded' | 'failed' | 'refused';
  readonly class: string;
  readonly message: RegExp;
  readonly retryable: boolean;
  /** The exit code of `kugetsu start --follow`. */
  readonly exit: 0 | 1 | 3;
  readonly noticed: NoticedBy;
}

/** What came of a case that was played. */
export interface Played {
  readonly world: World;
  readonly ref: string;
  /** How `kugetsu start --follow` ended. */
  readonly outcome: Outcome;
  /** The issue in `list --json`; undefined when it is not listed. */
  readonly listed: Listed | undefined;
  /** The log of the run, as it is on disk; empty when there was no run. */
  readonly log: string;
}

/** How the real opencode is driven into the failure. */
export interface OnTheRealOne {
  readonly replies: readonly Reply[] | ((world: World) => readonly Reply[]);
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it tries again by itself for more than a minute. */
  readonly slow?: boolean;
  /** Where the real one is told apart from the fake. */
  readonly expected?: Partial<Expected>;
  readonly also?: (played: Played) => Promise<void> | void;
}

/** One failure that is known from the field. */
export interface Misbehaviour {
  readonly name: string;
  /** Issues of anomalyco/opencode. */
  readonly upstream?: readonly number[];
  /** What the agent is told; it makes the fake opencode play the failure. */
  readonly message: string | ((world: World) => string);
  /** Settings that shorten the deadline, and switches of the fake. */
  readonly env?: Readonly<Record<string, string>> | ((world: World) => Readonly<Record<string, string>>);
  /** Whether the task goes through the queue; else `kugetsu start --follow` plays it. */
  readonly queued?: boolean;
  /** Whether kugetsu's home is on a small disk of its own. */
  readonly smallDisk?: boolean;
  /** Whether only a process of an agent's own can do so: a turn in a server has no exit code, flags or output of its own, and a fork there is no import. */
  readonly ofProcess?: boolean;
  /** Whether only a server can do so. */
  readonly ofServer?: boolean;
  /** Whether it is the server of all that fails, or one that is not as the others': it is played in a world of its own. */
  readonly apart?: boolean;
  readonly expected: Expected;
  /** What else must hold afterwards. @throws when it does not */
  readonly also?: (played: Played) => Promise<void> | void;
  /** The same case on the real opencode, or why there is none. */
  readonly real: OnTheRealOne | string;
}

/** Deadlines that no case runs into unless it shortens one. */
export const WIDE = {
  AGENT_STARTUP_TIMEOUT_SECONDS: '120',
  AGENT_STALL_TIMEOUT_MINUTES: '2',
  AGENT_TIMEOUT_MINUTES: '10',
} as const;

/** 1.8 seconds. */
export const SHORT_MINUTES = '0.03';

/** No model makes the real opencode do it: its own code would have to. */
export const OWN_CODE = 'no: it would take a fault in its own code';

/** A run that went well although something was wrong. */
export function fine(message: RegExp = /^done$/): Expected {
  return { outcome: 'succeeded', class: 'ok', message, retryable: false, exit: 0, noticed: 'the end of opencode' };
}

/** A run that failed. */
export function failure(
  name: string,
  message: RegExp,
  { retryable = true, noticed = 'the end of opencode' }: { retryable?: boolean; noticed?: NoticedBy } = {},
): Expected {
  return { outcome: 'failed', class: name, message, retryable, exit: 1, noticed };
}

/** How long kugetsu may take to notice, in milliseconds: the deadline that is in force, and much slack for a busy machine. */
export function noticeLimitMs(noticed: NoticedBy, env: Readonly<Record<string, string>>): number {
  const settings: Readonly<Record<string, string>> = { ...WIDE, ...env };
  const value = Number(settings[noticed] ?? 0);
  return value * (noticed.endsWith('_MINUTES') ? 60_000 : 1000) + SLACK_MS;
}

// A process that ignores TERM has 3 s until it is killed; the rest is for two cores that do many things at once.
const SLACK_MS = 30_000;
