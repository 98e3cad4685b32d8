import type { ListedRepository, ShownRepositorySetting } from '../../domain/servers/list-repositories.ts';
import type { TextStyle } from '../print-result.ts';
import { renderTable, type BriefColumn } from './table.ts';

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

const SETTINGS: readonly BriefColumn<ShownRepositorySetting>[] = [
  { title: 'SETTING', cell: ({ key }) => key },
  { title: 'VALUE', cell: ({ value }) => (value === null ? '-' : [value].flat().join(' ')), cut: 'end', atLeast: 16 },
  { title: 'SET BY', cell: ({ set_by: by }) => by ?? '-', cut: 'middle' },
];

/** The settings of one repository as a table. */
export async function renderRepository(rows: readonly ShownRepositorySetting[], style: TextStyle): Promise<string> {
  return renderTable({ rows, columns: SETTINGS, brief: SETTINGS, empty: '' }, style);
}
