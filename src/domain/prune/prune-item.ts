import type { Branch } from '../../adapters/git/branches.ts';
import type { WorktreeEntry } from '../../adapters/git/worktree-entries.ts';
import type { Entry } from '../../adapters/store/entries.ts';
import type { OwnSession } from '../sessions/own-sessions.ts';

/** What an item is, with what must still be true when it is deleted. */
type PruneTarget =
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

/** Items that are removed together, because one git call or one read of the state files is enough for all of them. */
export type Batch =
  | { readonly kind: 'branch'; readonly repository: string; readonly items: readonly ItemOf<'branch'>[] }
  | { readonly kind: 'session_file'; readonly items: readonly ItemOf<'session_file'>[] }
  | { readonly kind: 'run_directory'; readonly items: readonly ItemOf<'run_directory'>[] }
  | { readonly kind: 'single'; readonly items: readonly [SingleItem] };

/** The kinds that are removed one by one. */
export type SingleTarget = Exclude<PruneTarget, { readonly kind: 'branch' | 'session_file' | 'run_directory' }>;

type SingleItem = PruneItem & { readonly target: SingleTarget };

/** An item with a target of one kind. */
type ItemOf<Kind extends PruneItem['target']['kind']> = PruneItem & { readonly target: TargetOf<Kind> };

/** The check and the deletion should not be far apart. */
const MOST = 100;

/** The items in their order, as batches. */
export function batchesOf(items: readonly PruneItem[]): Batch[] {
  return items.reduce<Batch[]>((batches, item) => {
    const last = batches.at(-1);
    const longer = last === undefined || last.items.length >= MOST ? undefined : withItem(last, item);
    return longer === undefined ? [...batches, batchOf(item)] : [...batches.slice(0, -1), longer];
  }, []);
}

function withItem(batch: Batch, item: PruneItem): Batch | undefined {
  if (batch.kind === 'branch' && isOf('branch', item) && item.target.repository === batch.repository) {
    return { ...batch, items: [...batch.items, item] };
  }
  if (batch.kind === 'session_file' && isOf('session_file', item)) return { ...batch, items: [...batch.items, item] };
  if (batch.kind === 'run_directory' && isOf('run_directory', item)) return { ...batch, items: [...batch.items, item] };
  return undefined;
}

function batchOf(item: PruneItem): Batch {
  if (isSingle(item)) return { kind: 'single', items: [item] };
  if (isOf('session_file', item)) return { kind: 'session_file', items: [item] };
  if (isOf('run_directory', item)) return { kind: 'run_directory', items: [item] };
  if (isOf('branch', item)) return { kind: 'branch', repository: item.target.repository, items: [item] };
  throw new Error(`no batch for ${item.target.kind}`);
}

function isSingle(item: PruneItem): item is SingleItem {
  return !isOf('branch', item) && !isOf('session_file', item) && !isOf('run_directory', item);
}

function isOf<Kind extends PruneItem['target']['kind']>(kind: Kind, item: PruneItem): item is ItemOf<Kind> {
  return item.target.kind === kind;
}
