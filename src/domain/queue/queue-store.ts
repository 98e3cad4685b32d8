import type { Inbox } from '../notifications/inbox-store.ts';
import type { News } from '../notifications/notification-schema.ts';
import type { Text } from '../../util/words.ts';
import type { EndedTask } from './ended-task.ts';
import type { Fleet } from './fleet.ts';
import type { QueueItem, QueueState } from './queue-item.ts';

/**
 * What a task becomes; the very same object when it stays as it is. Pure, because a store may ask more than once.
 *
 * @param now the time by the store's clock, in milliseconds since the epoch
 */
export type Change = (item: QueueItem, now: number) => QueueItem;

/** A task before and after a change; one object twice when nothing has changed. */
export interface ItemChange {
  readonly before: QueueItem;
  readonly after: QueueItem;
}

/** A claim that another host may take over when it has not been kept up for so long; see {@link QueueStore.keep}. */
export interface Lease {
  /** Who claims, by its name in the queue; undefined when the queue belongs to one home. */
  readonly host: string | undefined;
  readonly seconds: number;
}

/** What goes with a change. */
export interface Changing {
  /** What is told of the change; not asked when there is none. */
  readonly news?: (change: ItemChange) => readonly News[];
  /** Given with a change that claims the task. It is no longer so when the task is no longer claimed. */
  readonly claim?: Lease;
}

/** Where an open task is, when several hosts share the queue. */
export interface Place {
  /** The host that has claimed it; undefined when none has. */
  readonly host: string | undefined;
  /** The host that has the session and the worktree of its issue; undefined when none has, or it is gone, and any may begin it. */
  readonly home: string | undefined;
  /** Whether its claim was not kept up, so that any host may take it over. */
  readonly expired: boolean;
  /** Whether its host was asked to end its run; see {@link Fleet.askToStop}. */
  readonly stopWanted: boolean;
  /** For how many milliseconds nothing was heard of the host that has claimed it, or else has its issue; 0 when none has. */
  readonly silentMs: number;
}

/**
 * What came of keeping up a claim. It is `over` when the task is not claimed for this run any more: its agent has to end. It is
 * held, and the agent has to end all the same, when somebody on another host has stopped it.
 */
export type Kept = 'held' | 'stop_wanted' | 'over';

/** What a host says of itself to those that share its queue. */
export interface HostFacts {
  /** MAX_CONCURRENT_AGENTS. */
  readonly slots: number;
  /** How many agents are at work. */
  readonly live: number;
  /** Its version of the fleet's base; null when its base is its own, or it has none. */
  readonly base: number | null;
  /** What decides what issues are called there, for the others to compare; undefined when that cannot be read. */
  readonly naming: object | undefined;
  /** For how long nothing is heard of a host before others may have its issues, in milliseconds; 0 for ever. */
  readonly moveAfterMs: number;
}

/** What a host is told when it says that it is there. */
export interface Presence {
  /** Whether it may take tasks. */
  readonly state: 'up' | 'draining';
  /** The newest version of the fleet's base; undefined when it has none. */
  readonly base: number | undefined;
}

/** What goes with a new task. */
export interface Adding {
  readonly news?: readonly News[];
  /** The task that waits for the new one, and what becomes of it; it learns of its child no later than the child is there. */
  readonly parent?: { readonly id: string; readonly change: Change } | undefined;
}

/** A task that is there and cannot be read. */
export interface BrokenTask {
  readonly id: string;
  readonly why: string;
}

/** All tasks, oldest first, and those that cannot be read. */
export interface AllTasks {
  readonly items: readonly QueueItem[];
  readonly broken: readonly BrokenTask[];
}

/** Which finished tasks are asked for. */
export interface PageRequest {
  /** How many at the most; Infinity for all. */
  readonly limit: number;
  /** Those of one issue, spelled so; of all issues, and the PM agent's, by default. */
  readonly ref?: string | undefined;
  /** Those that this host had last; whoever had them, by default. */
  readonly host?: string | undefined;
  /** One state alone; both by default. */
  readonly state?: Extract<QueueState, 'completed' | 'error'> | undefined;
  /** Only what has ended since, in milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** The `next` of the page before; the last ones that ended by default. */
  readonly before?: string | undefined;
}

/** Some finished tasks, the last one that ended first. */
export interface Page {
  readonly items: readonly QueueItem[];
  /** Those on the way that cannot be read. */
  readonly broken: readonly BrokenTask[];
  /** How many there are after this page. */
  readonly more: number;
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/** A watch on the tasks. */
export interface Watch {
  /**
   * Tries out whether changes are noticed, for some seconds at the most, or until `signal` aborts.
   *
   * @returns why they are not, in words; undefined when they are
   */
  deafness(signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

/**
 * Where tasks are kept. What it says was done is durable, and outlives a crash at any moment. Every operation may be repeated
 * by a caller that did not hear its answer. `test/support/queue-contract.ts` is this promise as tests, for each store.
 */
export interface QueueStore {
  /**
   * Adds a task, whole or not at all. The same id again is the same task: it stays as it has become. What a person adds while a
   * shared queue cannot be reached is kept on this host, durably, until it is handed over.
   *
   * @throws what `parent.change` throws; then nothing is added
   */
  add(item: QueueItem, given?: Adding): Promise<void>;
  /** One task; undefined when there is none of this id. @throws AppError `corrupt_file` when it cannot be read */
  read(id: string): Promise<QueueItem | undefined>;
  /**
   * Changes one task, alone at it. The news are there no later than the change; they may come twice after a crash, never not at
   * all, but for a notification that cannot be written, which holds up no change. An equal task counts as unchanged.
   *
   * @returns the task before and after; undefined when there is no task of this id
   * @throws what `change` throws; then nothing is changed
   */
  update(id: string, change: Change, given?: Changing): Promise<ItemChange | undefined>;
  /** Keeps up the claim of a run, for so many seconds from now. @param tail the last lines of its log, for other hosts */
  keep(id: string, runId: string, seconds: number, tail?: readonly string[]): Promise<Kept>;
  /** The tasks that are not finished, oldest first. @param broken gets a line about each that cannot be read, which holds up no other */
  open(broken: (line: Text) => Promise<void>): Promise<readonly QueueItem[]>;
  /** The finished tasks, page by page: as dear as the page is long. */
  finished(page: PageRequest): Promise<Page>;
  /** Where the open tasks are. One that is not among them is here: so are all in a queue that belongs to one home. */
  places(): Promise<ReadonlyMap<string, Place>>;
  /**
   * Makes this host the one that has an issue's session and worktree, unless another one is that and has not gone.
   *
   * @returns the other one; undefined when the issue is this host's now, as all are in a queue that belongs to one home
   */
  takeIssue(ref: string): Promise<string | undefined>;
  /** Says that this host has nothing of an issue any more: any may begin it. */
  freeIssue(ref: string): Promise<void>;
  /** What there is to know of all finished tasks together, the last one that ended first. */
  ended(): Promise<readonly EndedTask[]>;
  /** Every task: as dear as there are tasks. */
  all(): Promise<AllTasks>;
  /** The ids of all tasks, oldest first, those that cannot be read included. */
  ids(): Promise<string[]>;
  /** Removes the finished tasks, or those that were finished by a time in milliseconds since the epoch. @returns their ids */
  removeFinished(which: { readonly by?: number | undefined }): Promise<string[]>;
  /**
   * The name of this host, when several with homes of their own share the queue: what another one has claimed is not judged by the
   * processes and files of this one. Undefined when the queue belongs to one home.
   */
  host(): Promise<string | undefined>;
  /**
   * Says that this host is there, and what it has room for. Called by the daemon, again and again.
   *
   * @throws AppError `host_taken` (exit code 4) when another home has its name
   */
  present(facts: HostFacts): Promise<Presence>;
  /** Whether this host takes no new tasks. */
  isDraining(): Promise<boolean>;
  /** The time by the store's clock, in milliseconds since the epoch. */
  now(): Promise<number>;
  /** Calls `onChange` when a task changes, or {@link wake} is called, from now on and wherever it is done. */
  watch(onChange: () => void): Promise<Watch>;
  /** Lets those who watch look at once. */
  wake(): Promise<void>;
  readonly inbox: Inbox;
  readonly fleet: Fleet;
}
