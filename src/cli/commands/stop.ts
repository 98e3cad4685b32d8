import type { RunRecord } from '../../domain/runs/run-record.ts';
import type { Registration } from '../registration.ts';
import { helpNotes } from './kit.ts';
import { verdictText } from '../views/verdict.ts';

/** `kugetsu stop` */
export function registerStop({ program, context }: Registration): void {
  program
    .command('stop')
    .description('end an agent and everything it started; session and worktree stay, its task ends as stopped')
    .argument('<what>', 'an issue ref, a task id (q_…) or a run id (r_…)')
    .option('--json', 'print what was stopped as JSON')
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu stop github.com/shoko/kugetsu#14', 'kugetsu stop q_0mwrzy3vsoanbch2t     the PM agent of a task'],
        '0 stopped, 1 nothing is at work there, 2 usage, 4 being destroyed, or at work elsewhere',
      ),
    )
    .action(async (text: string, { json = false }: { readonly json?: boolean }) => {
      const { stopRun } = await import('../../domain/work/stop-run.ts');
      const record = await stopRun(context, text);
      const { status } = record;
      if (json) context.terminal.out(JSON.stringify(stopped(record), null, 2));
      else if (status.phase === 'ended') context.terminal.err(verdictText(status.verdict));
    });
}

function stopped({ id, kind, subject, task, status }: RunRecord): Readonly<Record<string, unknown>> {
  return {
    run: id,
    kind,
    issue_ref: subject.type === 'issue' ? subject.ref : null,
    task,
    verdict: status.phase === 'ended' ? status.verdict : null,
  };
}
