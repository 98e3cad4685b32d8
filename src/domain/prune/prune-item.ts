import type { Branch } from '../../adapters/git/branches.ts';
import type { WorktreeEntry } from '../../adapters/git/worktree-entries.ts';
import type { Entry } from '../../adapters/store/entries.ts';
import type { OwnSession } from '../sessions/own-sessions.ts';

/** What an item is, with what must still be true when it is deleted. */
export type PruneTarget =
  /** A temporary file of a write that was cut off. */
  | { readonly kind: 'temporary_file'; readonly entry: Entry }
  /** What a run left in `runs/` or in the temporary directory of agents. */
  | { readonly kind: 'run_directory'; readonly run: string; readonly entry: Entry }
  /** A file of a server that agents shared and that has died; what is left of it goes with it. */
  | { readonly kind: 'shared_server'; readonly entry: Entry }
  /** An interrupted clone; `repository` is the path that it would have had. */
  | { readonly kind: 'half_clone'; readonly repository: string; readonly entry: Entry }
  /** What a bare repository keeps of a worktree that is gone. */
  | { readonly kind: 'worktree_entry'; readonly repository: string; readonly kept: WorktreeEntry }
  /** Something in `worktrees/`; `known` is the repository that knows it as its worktree, if one does. */
  | { readonly kind: 'worktree'; readonly entry: Entry; readonly known: KnownWorktree | undefined }
  /** An issue that is done: session, worktree and branch. `run` is its last run. */
  | { readonly kind: 'issue'; readonly ref: string; readonly run: string; readonly worktree: string | null }
  | { readonly kind: 'branch'; readonly repository: string; readonly branch: Branch }
  | { readonly kind: 'session_file'; readonly entry: Entry }
  | { readonly kind: 'opencode_session'; readonly session: OwnSession };

/** The bare repository of a worktree, and what it keeps of it. */
export interface KnownWorktree {
  readonly repository: string;
  readonly kept: WorktreeEntry;
}

/** Something that can be deleted. */
export interface PruneItem {
  readonly target: PruneTarget;
  /** What a person calls it. */
  readonly name: string;
  readonly path?: string;
  /** Why it can go, in a few words. */
  readonly reason: string;
  /** What it takes on disk, or in opencode's database. */
  readonly bytes: number;
}

/** What became of an item; `why` it was not removed. */
export interface PruneResult {
  readonly item: PruneItem;
  readonly outcome: 'removed' | 'skipped' | 'failed';
  readonly why?: string;
}

/** The target of items of one kind. */
export type TargetOf<Kind extends PruneTarget['kind']> = Extract<PruneTarget, { readonly kind: Kind }>;
