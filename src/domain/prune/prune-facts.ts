import type { Branch } from '../../adapters/git/branches.ts';
import type { WorktreeEntry } from '../../adapters/git/worktree-entries.ts';
import type { Entry } from '../../adapters/store/entries.ts';
import type { OwnSession } from '../sessions/own-sessions.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import type { Tracked, UnnamedFile } from './tracked.ts';

/** A bare repository under `repos/`. */
export interface RepositoryFacts {
  readonly path: string;
  readonly kept: readonly KeptWorktree[];
  /** The local branches of issues. */
  readonly branches: readonly Branch[];
}

/** What a repository keeps of a worktree; `name` is the worktree's under `worktrees/`, if that is where it belongs. */
export type KeptWorktree = WorktreeEntry & { readonly name: string | undefined };

/** A directory that a run left. */
export interface RunDirectory {
  readonly run: string;
  readonly entry: Entry;
  /** Whether a process of the run is alive. */
  readonly alive: boolean;
}

/** A clone beside its place, which would be `repository`. */
export interface HalfClone {
  readonly repository: string;
  readonly entry: Entry;
  /** Whether somebody is at work on that repository. */
  readonly busy: boolean;
}

/** An issue that is done, and the words that say why. */
export interface DoneIssue {
  readonly session: IssueSession;
  readonly reason: string;
}

/** All that a plan is made from. */
export interface PruneFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly tracked: Tracked;
  readonly unnamed: readonly UnnamedFile[];
  readonly done: readonly DoneIssue[];
  readonly worktrees: readonly Entry[];
  readonly repositories: readonly RepositoryFacts[];
  /** Whether every repository could be read; if not, what none of these knows may belong to another one. */
  readonly allRepositoriesRead: boolean;
  readonly clones: readonly HalfClone[];
  readonly runs: readonly RunDirectory[];
  readonly temporary: readonly Entry[];
  /** A file of each shared server that has died. */
  readonly servers: readonly Entry[];
  /** Empty when opencode could not be asked. */
  readonly sessions: readonly OwnSession[];
}
