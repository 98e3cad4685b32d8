import type { ListedRepository, ShownRepositorySetting } from '../../domain/servers/list-repositories.ts';
import { renderTable } from './table.ts';

interface Style {
  readonly ruled: boolean;
  readonly colour: boolean;
}

/** Repositories that have settings, as a table. */
export function renderRepositories(listed: readonly ListedRepository[], style: Style): string {
  const rows = listed.map(({ repository, settings, problems }) => {
    const wrong = problems.map(({ key }) => (key === null ? 'not readable' : `${key} (wrong)`));
    return [repository, [...Object.keys(settings), ...wrong].join(', ') || '-'];
  });
  return renderTable({ columns: ['REPOSITORY', 'SETTINGS'], rows, ...style });
}

/** The settings of one repository as a table. */
export function renderRepository(settings: readonly ShownRepositorySetting[], style: Style): string {
  const rows = settings.map(({ key, value, set_by: by }) => [
    key,
    value === null ? '-' : [value].flat().join(' '),
    by ?? '-',
  ]);
  return renderTable({ columns: ['SETTING', 'VALUE', 'SET BY'], rows, ...style });
}
