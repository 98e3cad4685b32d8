import type { ListedServer } from '../../domain/servers/manage-servers.ts';
import { renderTable } from './table.ts';

const COLUMNS = ['NAME', 'URL', 'REFS', 'DEFAULT', 'TOKEN'];

/** Servers as a table. */
export function renderServers(
  servers: readonly ListedServer[],
  style: { readonly ruled: boolean; readonly colour: boolean },
): string {
  const rows = servers.map(({ name, url, instance, default: isDefault, token_variable: token }) => [
    name,
    url,
    `${instance}/owner/repo#1`,
    isDefault ? 'default' : '-',
    token ?? '-',
  ]);
  return renderTable({ columns: COLUMNS, rows, ...style });
}
