import type { ListedEnvFile, MaskedVariable } from '../../domain/agent-env/list-env-files.ts';
import type { ListedServer } from '../../domain/servers/manage-servers.ts';
import type { ListedSetting } from '../../domain/settings/list-settings.ts';
import type { TextStyle } from '../print-result.ts';
import { tildePath } from './short.ts';
import { renderTable, type BriefColumn } from './table.ts';
import type { ListedRepository, ShownRepositorySetting } from '../../domain/servers/list-repositories.ts';

const SETTINGS: readonly BriefColumn<ListedSetting>[] = [
  { title: 'SETTING', cell: ({ key }) => key },
  { title: 'VALUE', cell: ({ value }) => value, cut: 'middle' },
  { title: 'SOURCE', cell: sourceText },
  { title: 'DESCRIPTION', cell: ({ description }) => description, cut: 'end', atLeast: 11 },
];

/** Settings as a table. */
export async function renderSettings(rows: readonly ListedSetting[], style: TextStyle): Promise<string> {
  return renderTable({ rows, columns: SETTINGS, brief: SETTINGS, empty: 'no settings' }, style);
}

function sourceText({ source, origin }: ListedSetting): string {
  return origin === null ? source : `file:${origin.slice(origin.lastIndexOf(':') + 1)}`;
}

/** Env files as a table. */
export async function renderEnvFiles(rows: readonly ListedEnvFile[], style: TextStyle): Promise<string> {
  const columns: readonly BriefColumn<ListedEnvFile>[] = [
    { title: 'AGENT', cell: ({ agent }) => agent, cut: 'end' },
    { title: 'VARIABLES', cell: ({ variables }) => String(variables) },
    { title: 'PATH', cell: ({ path }) => tildePath(path, style), cut: 'middle' },
  ];
  return renderTable({ rows, columns, brief: columns, empty: 'no env files; run: kugetsu env set KEY VALUE' }, style);
}

const VARIABLES: readonly BriefColumn<MaskedVariable>[] = [
  { title: 'KEY', cell: ({ key }) => key, cut: 'end' },
  { title: 'VALUE', cell: ({ value }) => value, cut: 'end' },
];

/** Variables as a table. */
export async function renderVariables(rows: readonly MaskedVariable[], style: TextStyle): Promise<string> {
  const empty = 'no variables; run: kugetsu env set KEY VALUE';
  return renderTable({ rows, columns: VARIABLES, brief: VARIABLES, empty }, style);
}

const SERVERS: readonly BriefColumn<ListedServer>[] = [
  { title: 'NAME', cell: ({ name }) => name, cut: 'end' },
  { title: 'URL', cell: ({ url }) => url, cut: 'middle', atLeast: 16 },
  { title: 'REFS', cell: ({ instance }) => `${instance}/owner/repo#1`, cut: 'middle', atLeast: 16 },
  { title: 'DEFAULT', cell: ({ default: isDefault }) => (isDefault ? 'default' : '-') },
  { title: 'TOKEN', cell: ({ token_variable: token }) => token ?? '-', cut: 'end' },
];

/** Servers as a table. */
export async function renderServers(rows: readonly ListedServer[], style: TextStyle): Promise<string> {
  const empty = 'no servers; run: kugetsu server add NAME URL';
  return renderTable({ rows, columns: SERVERS, brief: SERVERS, empty }, style);
}

const REPOSITORIES: readonly BriefColumn<ListedRepository>[] = [
  { title: 'REPOSITORY', cell: ({ repository }) => repository, cut: 'middle', atLeast: 16 },
  { title: 'SETTINGS', cell: settingsText, cut: 'end' },
];

/** Repositories that have settings, as a table. */
export async function renderRepositories(rows: readonly ListedRepository[], style: TextStyle): Promise<string> {
  const empty = 'no repository has settings; run: kugetsu repo set --help';
  return renderTable({ rows, columns: REPOSITORIES, brief: REPOSITORIES, empty }, style);
}

function settingsText({ settings, problems }: ListedRepository): string {
  const wrong = problems.map(({ key }) => (key === null ? 'not readable' : `${key} (wrong)`));
  return [...Object.keys(settings), ...wrong].join(', ') || '-';
}

const REPOSITORY_COLUMNS: readonly BriefColumn<ShownRepositorySetting>[] = [
  { title: 'SETTING', cell: ({ key }) => key },
  { title: 'VALUE', cell: ({ value }) => (value === null ? '-' : [value].flat().join(' ')), cut: 'end', atLeast: 16 },
  { title: 'SET BY', cell: ({ set_by: by }) => by ?? '-', cut: 'middle' },
];

/** The settings of one repository as a table. */
export async function renderRepository(rows: readonly ShownRepositorySetting[], style: TextStyle): Promise<string> {
  return renderTable({ rows, columns: REPOSITORY_COLUMNS, brief: REPOSITORY_COLUMNS, empty: '' }, style);
}
