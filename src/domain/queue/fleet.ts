import type { Evidence, Verdict } from '../runs/run-schema.ts';

/** How a host stands: it takes tasks, takes no new ones, or is not there any more. */
export type HostState = 'up' | 'draining' | 'gone';

/** A host that is there says so each time it looks, at least every 15 seconds; after so many milliseconds without it is silent. */
export const SILENT_MS = 60_000;

/** A host of the fleet. */
export interface Host {
  readonly name: string;
  /** The version of its kugetsu. */
  readonly version: string;
  readonly state: HostState;
  /** How many agents it may run, and how many are at work. */
  readonly slots: number;
  readonly live: number;
  /** When it was last heard of, in milliseconds before now by the server's clock. */
  readonly silentMs: number;
  /** Its version of the fleet's base; null when its base is its own, or it has none. */
  readonly base: number | null;
  /** How many open tasks belong to its issues, and how many it has claimed. */
  readonly waiting: number;
  readonly claimed: number;
}

/** The end of a run's log, as its host has told it. */
export interface Tail {
  readonly host: string;
  readonly run: string;
  /** Lines of the log, without secrets. */
  readonly lines: readonly string[];
}

/** What the host of an issue has last told of it: how its last run ended, and what its worktree had to show then. */
export interface IssueNote {
  readonly host: string;
  readonly run: string;
  /** The end of that run. */
  readonly at: string;
  readonly outcome: Verdict['outcome'];
  readonly class: string;
  readonly evidence: Evidence | null;
}

/** An issue that a host of the fleet has begun. */
export interface FleetIssue {
  readonly issue_ref: string;
  /** The host that has its session and worktree. */
  readonly host: string;
  /** Since when it has them, in milliseconds since the epoch by the server's clock. */
  readonly since: number;
  /** Whether that host counts as gone: another one may begin the issue anew. */
  readonly is_gone: boolean;
  /** Whether a task of it has an agent; one that somebody started by hand is in no task. */
  readonly at_work: boolean;
  /** What was last told of it, perhaps by an earlier host; undefined when nothing was. */
  readonly note: IssueNote | undefined;
}

/** What the hosts that share a queue know of each other, and ask of each other. */
export interface Fleet {
  /** Every host, by name; none when the queue belongs to one home. */
  hosts(): Promise<readonly Host[]>;
  /** The host that has an issue's session and worktree, this one included; undefined when none has. */
  issueHost(ref: string): Promise<string | undefined>;
  /**
   * Asks the host that has claimed a task for a run to end that run, as if somebody stopped it there; of a task that waits for
   * its children, to end the runs among them. The same again is fine. It is forgotten when the task is claimed anew, or begins to
   * wait for its children.
   */
  askToStop(task: string, runId: string): Promise<void>;
  /** Tells the other hosts how the log of a task's run ends, whatever has become of the task. */
  tell(task: string, runId: string, lines: readonly string[]): Promise<void>;
  /** What was told of the last run of a task, by its id, its run's or the ref of its issue; undefined when nothing was, or it is gone. */
  tail(name: string): Promise<Tail | undefined>;
  /** The issues that a host has, or all, by their refs. */
  issues(host?: string): Promise<readonly FleetIssue[]>;
  /**
   * Counts a host as gone, so that others may have its tasks and issues, and notifies of what only it has of them.
   *
   * @returns whether it did not count as gone before
   */
  lose(host: string): Promise<boolean>;
  /**
   * Gives an issue to another host, or with null to whoever takes it first, unless a task of it has an agent; and notifies of what
   * only its host has of it.
   *
   * @returns whether it was given
   */
  moveIssue(ref: string, to: string | null): Promise<boolean>;
  /** Tells the other hosts how a run of an issue of this host has ended; nothing when it is another host's by now. */
  tellIssue(ref: string, note: Omit<IssueNote, 'host'>): Promise<void>;
  /** What the hosts know together of failures that all of them share, as JSON; undefined when nothing is wrong. */
  breaker(): Promise<string | undefined>;
  /** Replaces that, if it still is what it was `before`. @returns whether it did */
  putBreaker(before: string | undefined, after: string | undefined): Promise<boolean>;
}

/** What a home knows of others that is in no fleet. */
export const ALONE: Fleet = {
  hosts: async () => [],
  issueHost: async () => undefined,
  askToStop: async () => undefined,
  tell: async () => undefined,
  tail: async () => undefined,
  issues: async () => [],
  lose: async () => false,
  moveIssue: async () => false,
  tellIssue: async () => undefined,
  breaker: async () => undefined,
  putBreaker: async () => true,
};
