import type { PruneItem, PruneResult } from '../../domain/prune/prune-item.ts';
import { formatBytes, plural } from '../../util/text.ts';
import type { TextStyle } from '../print-result.ts';
import { renderTable, type BriefColumn } from './table.ts';

/** Items as a table; a person reads sizes, a program bytes. */
export async function renderPruneItems(rows: readonly PruneItem[], style: TextStyle): Promise<string> {
  const columns: readonly BriefColumn<PruneItem>[] = [
    { title: 'KIND', cell: ({ target }) => target.kind },
    { title: 'NAME', cell: ({ name }) => name, cut: 'middle', atLeast: 16 },
    { title: 'BYTES', cell: ({ bytes }) => (style.ruled ? formatBytes(bytes) : String(bytes)) },
    { title: 'REASON', cell: ({ reason }) => reason, cut: 'end', atLeast: 16 },
  ];
  return renderTable({ rows, columns, brief: columns, empty: '' }, style);
}

/** How many items, and what they take together. */
export function pruneTotal(items: readonly PruneItem[]): string {
  return `${plural(items.length, 'item')}, ${formatBytes(totalBytes(items))}`;
}

/** What became of an item that was not removed; undefined for one that was. */
export function renderPruneResult({ item, outcome, why }: PruneResult): string | undefined {
  if (outcome === 'removed') return undefined;
  const what = outcome === 'skipped' ? 'left' : 'could not remove';
  return `${what} ${item.target.kind} ${item.name}: ${why ?? 'no reason given'}`;
}

/** A plan, or with results what became of it, for programs. */
export function pruneValue(
  items: readonly PruneItem[],
  { problems, results }: { readonly problems: readonly string[]; readonly results?: readonly PruneResult[] },
): unknown {
  const resultOf = new Map(results?.map((result) => [result.item, result]));
  const shown = items.map((item) => {
    const { target, name, path, reason, bytes } = item;
    const result = resultOf.get(item);
    return {
      kind: target.kind,
      name,
      ...(path === undefined ? {} : { path }),
      reason,
      bytes,
      ...(result === undefined ? {} : { removed: result.outcome === 'removed' }),
      ...(result?.why === undefined ? {} : { error: result.why }),
    };
  });
  const counted = results?.filter(({ outcome }) => outcome === 'removed').map(({ item }) => item) ?? items;
  return { items: shown, bytes: totalBytes(counted), problems };
}

function totalBytes(items: readonly PruneItem[]): number {
  return items.reduce((total, { bytes }) => total + bytes, 0);
}
