import type { PruneItem, PruneTarget, TargetOf } from './prune-item.ts';

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
export type ItemOf<Kind extends PruneItem['target']['kind']> = PruneItem & { readonly target: TargetOf<Kind> };

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
