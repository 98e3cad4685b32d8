import type { ListedSetting } from '../../domain/settings/list-settings.ts';
import { renderTable } from './table.ts';

const COLUMNS = ['SETTING', 'VALUE', 'SOURCE', 'DESCRIPTION'];

/** Settings as a table. */
export function renderSettings(
  settings: readonly ListedSetting[],
  style: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const rows = settings.map(({ key, value, source, origin, description }) => [
    key,
    value,
    origin === null ? source : `file:${origin.slice(origin.lastIndexOf(':') + 1)}`,
    description,
  ]);
  return renderTable({ columns: COLUMNS, rows, ...style });
}
