import type { ListedEnvFile, MaskedVariable } from '../../domain/agent-env/list-env-files.ts';
import { renderTable } from './table.ts';

interface Style {
  readonly ruled: boolean;
  readonly colour: boolean;
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
