import type { ListedEnvFile, MaskedVariable } from '../../domain/agent-env/list-env-files.ts';
import type { ListedServer } from '../../domain/servers/manage-servers.ts';
import type { ListedSetting } from '../../domain/settings/list-settings.ts';
import { renderTable } from './table.ts';

interface Style {
  readonly ruled: boolean;
  readonly colour: boolean;
}

const SETTING_COLUMNS = ['SETTING', 'VALUE', 'SOURCE', 'DESCRIPTION'];

/** Settings as a table. */
export function renderSettings(settings: readonly ListedSetting[], style: Style): string {
  const rows = settings.map(({ key, value, source, origin, description }) => [
    key,
    value,
    origin === null ? source : `file:${origin.slice(origin.lastIndexOf(':') + 1)}`,
    description,
  ]);
  return renderTable({ columns: SETTING_COLUMNS, rows, ...style });
}

/** Env files as a table. */
export function renderEnvFiles(files: readonly ListedEnvFile[], style: Style): string {
  const rows = files.map(({ agent, variables, path }) => [agent, String(variables), path]);
  return renderTable({ columns: ['AGENT', 'VARIABLES', 'PATH'], rows, ...style });
}

/** Variables as a table. */
export function renderVariables(variables: readonly MaskedVariable[], style: Style): string {
  const rows = variables.map(({ key, value }) => [key, value]);
  return renderTable({ columns: ['KEY', 'VALUE'], rows, ...style });
}

const SERVER_COLUMNS = ['NAME', 'URL', 'REFS', 'DEFAULT', 'TOKEN'];

/** Servers as a table. */
export function renderServers(servers: readonly ListedServer[], style: Style): string {
  const rows = servers.map(({ name, url, instance, default: isDefault, token_variable: token }) => [
    name,
    url,
    `${instance}/owner/repo#1`,
    isDefault ? 'default' : '-',
    token ?? '-',
  ]);
  return renderTable({ columns: SERVER_COLUMNS, rows, ...style });
}
