import type { Call, Registration } from '../registration.ts';
import { helpNotes } from './kit.ts';

interface ListOptions {
  readonly json?: boolean;
}

/** `kugetsu list` */
export function registerList(registration: Registration): void {
  registration.program
    .command('list')
    .description('list the tracked sessions, and how the last run of each went')
    .option('--json', 'print an array of objects')
    .addHelpText(
      'after',
      '\nColumns: issue ref, type, session id, worktree, state of the last run, what the worktree has to show.',
    )
    .addHelpText(
      'after',
      helpNotes(['kugetsu list', 'kugetsu list --json | jq -r ".[].issue_ref"'], '0 listed, 1 failed, 2 usage'),
    )
    .action(async (options: ListOptions) => list(registration, options));
}

/** Prints the sessions. */
export async function list({ context }: Call, { json = false }: ListOptions = {}): Promise<void> {
  const { listSessions } = await import('../../domain/work/list-sessions.ts');
  const { renderSessions } = await import('../views/sessions.ts');
  const sessions = await listSessions(context);
  const { ruled, colour } = context.terminal;
  context.terminal.out(
    json ? JSON.stringify(sessions, null, 2) : renderSessions(sessions, { ruled, colour: colour.out }),
  );
}
